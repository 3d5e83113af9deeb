// The content script: asks the background whether there is anything to do in this document, and does nothing where there is not.

import { askBackground } from "../internal";

void askBackground({ type: "page.hello" });
