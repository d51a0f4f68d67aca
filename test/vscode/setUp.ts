/** `npm run setup:vscode`: fetches the VS Code and the browser that the stories need; fails where they cannot be had. */
import { setUpBrowser, setUpHost } from "./host/setup.ts";

await setUpHost();
setUpBrowser();
