export { type CaptureInput, type OpenFile, openCapture } from "./capture/file.js";
export {
  type CaptureOutput,
  type CreateOptions,
  copyCapture,
  createCapture,
  type Rotation,
} from "./capture/file-output.js";
export { type CaptureOptions, capture, type Fanout } from "./capture/live.js";
export { type FileSource, type ReadOptions, read } from "./capture/read.js";
export { type CaptureRecord, type FileProblem, fileProblemText } from "./capture/record.js";
export type { Batch, Source, Statistics } from "./capture/source.js";
export { type AnyDraft, type Craftable, crafter } from "./craft/craft.js";
export type { Crafted } from "./craft/crafted.js";
export { parseDraft } from "./craft/draft.js";
export { type FragmentOptions, fragment, type Octets } from "./craft/fragment.js";
export { type FuzzOptions, fuzz } from "./craft/fuzz.js";
export type { Environment } from "./craft/stack.js";
export { type Patch, type Template, template } from "./craft/template.js";
export * as echo from "./echo/echo.js";
export { type ErrorCode, type ErrorInfo, isSockinspectError, SockinspectError } from "./errors.js";
export {
  addressesOf,
  type CompileOptions,
  compile as compileFilter,
  type Resolve,
  type Target,
} from "./filter/compile.js";
export { explain as explainFilter } from "./filter/explain.js";
export { caret } from "./filter/fault.js";
export { type Predicate, type PredicateOptions, predicate as filterPredicate } from "./filter/predicate.js";
export type { Instruction, Program } from "./filter/program.js";
export type {
  Conversation,
  EchoConversation,
  Ending,
  TcpConversation,
  UdpConversation,
} from "./flow/conversation.js";
export { Conversations, type ConversationsOptions, type Step } from "./flow/conversations.js";
export { type EventKind, type FlowEvent, type RuleName, rules } from "./flow/events.js";
export { durationText, explain } from "./flow/explain.js";
export type { Gap, Piece, Reassembly } from "./flow/reassembly.js";
export type { Side, TcpSide } from "./flow/side.js";
export type { TcpState } from "./flow/tcp-state.js";
export { type Hint, hint } from "./hint/hint.js";
export type { Counters, Passage } from "./link/direction.js";
export type { End, Fate, Impairment } from "./link/impairment.js";
export { Link, type LinkOptions, linkAddresses, openLink } from "./link/link.js";
export { type DecodeOptions, decode } from "./packet/decode.js";
export type { Frame } from "./packet/frame.js";
export {
  type About,
  type Checksum,
  type Cut,
  type Direction,
  type HeaderLayer,
  type Layer,
  type LayerOf,
  layer,
  type Offload,
  type Packet,
  type Payload,
  type Reassembled,
  type Trailer,
  type Verdict,
} from "./packet/packet.js";
export { type Limit, type Problem, problemText } from "./packet/problem.js";
export { FragmentReassembly, type ReassemblyOptions, type ReassemblyStatistics } from "./packet/reassembly.js";
export type { TimeFormat } from "./render/clock.js";
export { hexDump } from "./render/hex.js";
export { type JsonOptions, json } from "./render/json.js";
export { type Ladder, type LadderOptions, Ladders, type Rung, type States } from "./render/ladder.js";
export { ladderMermaid } from "./render/ladder-mermaid.js";
export { ladderSvg } from "./render/ladder-svg.js";
export { type LadderTextOptions, ladderText } from "./render/ladder-text.js";
export { type LineOptions, line, lines } from "./render/line.js";
export { type Paint, plain, type Role } from "./render/paint.js";
export { tree } from "./render/tree.js";
export { type AnswersOptions, answers } from "./send/answers.js";
export { type Answers, type AskOptions, ask, askAll } from "./send/ask.js";
export type { Connection, ConnectionOptions, Endpoint, Segment, Step as SegmentStep } from "./send/connection.js";
export { type Answering, type AnswerOptions, answer, type DialOptions, dial } from "./send/dial.js";
export { type Guard, type GuardOptions, guard } from "./send/guard.js";
export { craft } from "./send/here.js";
export type { Answer } from "./send/questions.js";
export { type Sendable, type SendOptions as PacketSendOptions, send } from "./send/send.js";
export type { Sent } from "./send/transmitter.js";
export type { Outgoing, WayOptions } from "./send/way.js";
export { type Call, type CallName, type CallObserver, callText, monotonic } from "./socket/calls.js";
export { type Datagram, type DatagramError, DatagramSocket } from "./socket/datagram.js";
export { DatagramBatch } from "./socket/datagram-batch.js";
export { type Interface, interfaces } from "./socket/interfaces.js";
export { NetworkNamespace } from "./socket/namespace.js";
export type { SocketOptionName, SocketOptions } from "./socket/options.js";
export { Poll } from "./socket/poll.js";
export { ephemeralPorts } from "./socket/ports.js";
export { type RawMessage, RawSocket, type RawSocketOptions } from "./socket/raw.js";
export { type Route, type RouteOptions, routeTo } from "./socket/routes.js";
export type { SocketAddress, SocketCreateOptions, Waiting } from "./socket/socket.js";
export { type ReceiveOptions, type SendOptions, StreamSocket } from "./socket/stream.js";
export type { TcpInformation, TcpSocketState } from "./socket/tcp-information.js";
export { type Arp, arp } from "./wire/arp.js";
export { type Dccp, dccp } from "./wire/dccp.js";
export { type Esp, esp } from "./wire/esp.js";
export { type Ethernet, ethernet } from "./wire/ethernet.js";
export type { Field, Format } from "./wire/field.js";
export { type Gre, gre } from "./wire/gre.js";
export type { Draft, Header, View } from "./wire/header.js";
export { type Icmp, type IcmpMessage, icmp } from "./wire/icmp.js";
export { type Icmpv6, type Icmpv6Message, icmpv6 } from "./wire/icmpv6.js";
export { type Igmp, igmp } from "./wire/igmp.js";
export { type Ipv4, type Ipv4Option, ipv4 } from "./wire/ipv4.js";
export { type Ipv6, ipv6 } from "./wire/ipv6.js";
export {
  type Authentication,
  authentication,
  type DestinationOptions,
  destinationOptions,
  type Fragment,
  fragment as fragmentHeader,
  type HopByHopOptions,
  hopByHopOptions,
  type Routing,
  routing,
} from "./wire/ipv6-extensions.js";
export { type Llc, llc, type Snap, snap } from "./wire/llc.js";
export { type Loop, loop, type NullLoopback, nullLoopback } from "./wire/loopback.js";
export { type Mobility, mobility } from "./wire/mobility.js";
export { type Mpls, mpls } from "./wire/mpls.js";
export { linkTypes } from "./wire/numbers.js";
export { type Ppp, type Pppoe, ppp, pppoe } from "./wire/ppp.js";
export { type Sctp, sctp } from "./wire/sctp.js";
export { type Sll, sll } from "./wire/sll.js";
export { type Sll2, sll2 } from "./wire/sll2.js";
export { type Tcp, type TcpOption, tcp } from "./wire/tcp.js";
export { type Udp, udp } from "./wire/udp.js";
export { type UdpLite, udpLite } from "./wire/udp-lite.js";
export { type Vlan, vlan } from "./wire/vlan.js";
