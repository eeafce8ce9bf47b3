/** All demos, in the order in which they are best seen. */
import type { Scenario } from "./scenario.js";
import { backlog } from "./scenarios/backlog.js";
import { datagram } from "./scenarios/datagram.js";
import { echo } from "./scenarios/echo.js";
import { ephemeral } from "./scenarios/ephemeral.js";
import { fastRetransmit } from "./scenarios/fast-retransmit.js";
import { fragments } from "./scenarios/fragments.js";
import { halfClose } from "./scenarios/half-close.js";
import { handshake } from "./scenarios/handshake.js";
import { keepAlive } from "./scenarios/keep-alive.js";
import { multi } from "./scenarios/multi.js";
import { nagle } from "./scenarios/nagle.js";
import { partialReceive } from "./scenarios/partial-receive.js";
import { pathMtu } from "./scenarios/path-mtu.js";
import { raw } from "./scenarios/raw.js";
import { refused } from "./scenarios/refused.js";
import { reordering } from "./scenarios/reordering.js";
import { reset } from "./scenarios/reset.js";
import { retransmission } from "./scenarios/retransmission.js";
import { simultaneousClose } from "./scenarios/simultaneous-close.js";
import { single } from "./scenarios/single.js";
import { streamNotMessages } from "./scenarios/stream-not-messages.js";
import { threads } from "./scenarios/threads.js";
import { timeWait } from "./scenarios/time-wait.js";
import { unreachable } from "./scenarios/unreachable.js";
import { zeroWindow } from "./scenarios/zero-window.js";

export const scenarios: readonly Scenario[] = [
  handshake,
  echo,
  datagram,
  single,
  multi,
  threads,
  ephemeral,
  refused,
  unreachable,
  backlog,
  halfClose,
  reset,
  timeWait,
  streamNotMessages,
  partialReceive,
  nagle,
  zeroWindow,
  keepAlive,
  simultaneousClose,
  fragments,
  pathMtu,
  raw,
  retransmission,
  fastRetransmit,
  reordering,
];
