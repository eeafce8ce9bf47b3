import { dccp } from "../../src/wire/dccp.js";
import { battery } from "./battery.js";

battery(dccp, {
  samples: [
    // IP 139.133.209.176.39420 > 139.133.209.65.5001: DCCP DCCP-Request (service=4105078398)
    "99fc1389 0800aaf3 20000008 f4ae867e 00000000 20040502 22040102 20040102",
    // IP6 3ffe::1.55024 > 3ffe::2.5001: DCCP DCCP-Request (service=0)
    "d6f01389 0800d538 01000000 5cf6f103 00000000 20040502 22040102 20040102",
  ],
});
