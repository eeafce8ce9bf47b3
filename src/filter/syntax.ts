import type { Span } from "./fault.js";
import type { Name } from "./name.js";
import type { Protocol } from "./words.js";

/** What is asked of an address, port or number; each part may be left out. */
export interface Qualifiers extends Span {
  readonly protocol?: Protocol;
  readonly direction?: Direction;
  readonly type?: AddressType;
}

export type Direction = "src" | "dst" | "src or dst" | "src and dst";
export type AddressType = "host" | "net" | "port" | "portrange" | "proto" | "protochain" | "gateway";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>";
export type RelationOperator = "=" | "!=" | ">" | ">=" | "<" | "<=";

/** A number that is known now, or computed from each packet; 32 bits, unsigned. */
export type Arithmetic = Span &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "length" }
    | { readonly kind: "field"; readonly protocol: Protocol; readonly index: Arithmetic; readonly size: number }
    | { readonly kind: "negate"; readonly of: Arithmetic }
    | {
        readonly kind: "operation";
        readonly operator: ArithmeticOperator;
        readonly left: Arithmetic;
        readonly right: Arithmetic;
      }
  );

/** What a qualifier applies to. */
export type Operand =
  | { readonly kind: "name"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "ipv4"; readonly text: string; readonly prefix?: number; readonly mask?: string }
  | { readonly kind: "ipv6"; readonly text: string; readonly prefix?: number }
  | { readonly kind: "ethernet" | "arcnet"; readonly text: string };

/** What a named field is asked; numbers stand for booleans, too. The packet has to have the field. */
export type Test =
  /** That it is there; of options, that there are some. */
  | { readonly kind: "there" }
  /** `octets` is the value for text, where only the packet tells whether it is a number. */
  | {
      readonly kind: "number";
      readonly operator: RelationOperator;
      readonly value: number;
      readonly octets?: readonly number[];
    }
  /** Equal under `mask`, which is as long. */
  | {
      readonly kind: "octets";
      readonly operator: "=" | "!=";
      readonly octets: readonly number[];
      readonly mask: readonly number[];
    }
  | { readonly kind: "text"; readonly operator: "=" | "!="; readonly text: string };

/** A field of a header by its name, or what is known of a packet besides its octets; no part of pcap-filter(7). */
export interface Named {
  readonly subject: Name | "direction" | "device";
  readonly test: Test;
  /** Both, as they would be written. */
  readonly text: string;
}

/** A filter as written; `and` and `or` bind alike and from the left, so a chain keeps them in order. */
export type Expression = Span &
  (
    | {
        readonly kind: "chain";
        readonly first: Expression;
        readonly rest: readonly { readonly operator: "and" | "or"; readonly expression: Expression }[];
      }
    | { readonly kind: "not"; readonly of: Expression }
    | { readonly kind: "address"; readonly qualifiers: Qualifiers; readonly operand: Operand }
    | { readonly kind: "protocol"; readonly protocol: Protocol }
    | {
        readonly kind: "relation";
        readonly operator: RelationOperator;
        readonly left: Arithmetic;
        readonly right: Arithmetic;
      }
    | { readonly kind: "broadcast" | "multicast"; readonly protocol?: Protocol }
    | { readonly kind: "less" | "greater"; readonly value: number }
    | {
        readonly kind: "byte";
        readonly index: number;
        readonly operator: "&" | "|" | "<" | ">" | "=";
        readonly value: number;
      }
    | { readonly kind: "inbound" | "outbound" }
    | { readonly kind: "ifindex"; readonly value: number }
    | { readonly kind: "ifname"; readonly name: string }
    | { readonly kind: "vlan" | "mpls" | "pppoed" | "pppoes" | "geneve"; readonly value?: number }
    | { readonly kind: "llc"; readonly type?: string }
    | ({ readonly kind: "named" } & Named)
  );
