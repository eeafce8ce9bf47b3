import { isSockinspectError } from "../errors.js";

/** What a program sees of itself as plain data: in JSON, and by `console.log`. */
export abstract class Plain {
  abstract toJSON(): unknown;

  [Symbol.for("nodejs.util.inspect.custom")](): unknown {
    try {
      return this.toJSON();
    } catch (error) {
      // Whoever looks for a fault is not to meet another one
      if (isSockinspectError(error, "RELEASED")) return `[${error.message}]`;
      throw error;
    }
  }
}

/** What is read where it lies, until it is moved or its octets are given back. */
export abstract class Borrowed<V> extends Plain {
  /** A copy that outlives the octets. */
  abstract own(): V;

  toJSON(): V {
    return this.own();
  }
}
