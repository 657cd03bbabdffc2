/** Entry of the pages. */
import { applyTheme, storedTheme } from "./shell/theme.ts";
import "./shell/app-shell.ts";
import { installPageApi } from "./watch/page-api.ts";

applyTheme(storedTheme());
installPageApi();
