// <time>: the page shows the channel's or the team's time; hovering shows the reader's own.
import { onContent, readerLocale, word } from "./page.js";

function explain(time) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const own = moment.toLocaleString(readerLocale(), { dateStyle: "medium", timeStyle: "short" });
  time.title = [time.title, word("yourTime").replace("{when}", own)].filter(Boolean).join(" · ");
}

export function start() {
  onContent((piece) => {
    for (const time of piece.querySelectorAll("time[datetime*=T]")) explain(time);
  });
}
