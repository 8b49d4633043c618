/** Helpers that several test files share. */

import { readFileSync } from "node:fs";
import { kindsOf } from "../../services/nginx/ui/page/js/api.js";

/** The kinds as the API describes them; test_page.py passes the path of the document. */
export const kinds = () => kindsOf(JSON.parse(readFileSync(process.env.OPENAPI, "utf8")));
