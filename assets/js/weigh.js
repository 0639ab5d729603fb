// How long a text is for X: Twitter's own code, so that the count is the server's. Loaded only where somebody writes for X.
// Its expression takes minutes on letters with many dots between them: such words are judged here as planner/core/text.py does.
import parseTweet from "twitter-text/dist/esm/parseTweet.js";

const mostRun = 253;
const mostDots = 8;
const mostLink = 4096;
/** Weighs what every link weighs. */
const aLink = "https://t.co/0123456789";

function isCostly(word) {
  return word.split(/[/?#:&=]/).some((run) => [...run].length > mostRun || run.split(".").length - 1 > mostDots);
}

function plain(word) {
  if (!word.includes(".") || !isCostly(word)) return word;
  const host = /^https?:\/\//i.test(word) && [...word].length <= mostLink ? word.split("://")[1].split(/[/?#]/)[0] : null;
  if (host === null || isCostly(host)) return word.replaceAll(".", ",");
  const end = word.match(/[.,;:!?]*$/)[0];
  return aLink + end.replaceAll(".", ",");
}

window.plannerWeigh = (text) => parseTweet(text.replace(/\r\n?/g, "\n").normalize("NFC").replace(/\S+/g, plain)).weightedLength;
document.dispatchEvent(new CustomEvent("planner:weigh"));
