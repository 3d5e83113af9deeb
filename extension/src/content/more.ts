// The third script of a document: all that most pages of a lease never need. The background brings it into exactly the document that
// asks, when there is something to fill in, somebody begins to write, or the lease is over.
import { Drafts } from "./drafts";
import { Filler } from "./filler";
import { signOut } from "./signout";
import { world } from "./world";

const more = { Drafts, Filler, signOut };

/** What the third script brings. */
export type More = typeof more;

world.more ??= more;
