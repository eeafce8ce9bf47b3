/** Our rules beside those of another analyzer of the same packets. */
import type { RuleName } from "../../src/flow/events.js";

/**
 * What Wireshark 4.0 flags, as `tcp.analysis.` fields, where one of our rules fires. Its rules are coarser: each of ours
 * lies in one of them, or has none.
 */
export const wiresharkFlags: Readonly<Record<RuleName, readonly string[]>> = {
  "sent before": ["retransmission"],
  "sent before, again soon": ["out_of_order"],
  "fills a gap late": ["retransmission"],
  "fills a gap up to next": ["retransmission"],
  "fills a gap soon": ["out_of_order"],
  "acknowledged before": ["retransmission", "spurious_retransmission"],
  "answers duplicate acknowledgments": ["retransmission", "fast_retransmission"],
  "same SYN again": ["retransmission"],
  "same SYN, other data": [],
  "same SYN after a refusal": ["retransmission"],
  "begins behind next": ["lost_segment"],
  "acknowledges beyond the run": ["ack_lost_segment"],
  "acknowledges beyond next": ["ack_lost_segment"],
  "acknowledges unseen data of a SYN": ["ack_lost_segment", "tfo_ack"],
  "acknowledges more unseen": [],
  "repeats an acknowledgment": ["duplicate_ack"],
  "SACK blocks": [],
  "one octet below next": ["keep_alive"],
  "answers a keep-alive": ["keep_alive_ack"],
  "window of 0": ["zero_window"],
  "one octet into a window of 0": ["zero_window_probe"],
  "one octet below next, window of 0": ["keep_alive"],
  "answers a probe": ["zero_window_probe_ack"],
  "answers a probe below next": [],
  "only the window differs": ["window_update"],
  "fills the window": ["window_full"],
  "other number in a SYN": ["reused_ports"],
  "other number in a SYN-ACK": ["reused_ports"],
  "SYN with a cookie": ["tfo_syn"],
  "SYN without a cookie": [],
  "acknowledges the data of a SYN": ["tfo_ack"],
  "RST answers a SYN": [],
  RST: [],
  "RST out of place": [],
  "quotes a packet": [],
  "answers a request again": [],
  "data after FIN": [],
  "data after RST": [],
  "small segments wait for an acknowledgment": [],
};
