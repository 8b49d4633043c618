/** What the tests of several modules share. */

import { readFileSync } from "node:fs";
import { kindsOf } from "../../services/nginx/ui/page/js/api.js";

/** The kinds as the API describes them; the path of its description comes from the test that runs these. */
export const kinds = () => kindsOf(JSON.parse(readFileSync(process.env.OPENAPI, "utf8")));
