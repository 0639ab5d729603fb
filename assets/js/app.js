// Behaviour of every page. Each module adds comfort to a page that already works without it.
import { start as startHtmx } from "./partial.js";
import { start as startComposer } from "./composer.js";
import { start as startCopy } from "./copy.js";
import { start as startCounters } from "./counters.js";
import { start as startDialogs } from "./dialogs.js";
import { start as startDrafts } from "./drafts.js";
import { start as startFiles } from "./files.js";
import { start as startKept } from "./kept.js";
import { start as startKeys } from "./keys.js";
import { start as startMenus } from "./menus.js";
import { start as startTheme } from "./theme.js";
import { start as startTimes } from "./times.js";
import { start as startToasts } from "./toasts.js";

startTheme();
startToasts();
startMenus();
startDialogs();
startCopy();
startKeys();
startDrafts();
startKept();
startFiles();
startCounters();
startComposer();
startTimes();
startHtmx();
