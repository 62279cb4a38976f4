/** What the control plane says about what clients are shown; `types.ts` has the rest of the boundary. */

/** What clients are shown that came in through one endpoint from one part of the network. C++: `Presentation`. */
export interface NativePresentation {
  /** The word behind `mode` in the reply to HELLO. */
  readonly helloMode: 'standalone' | 'cluster';
  /** READONLY, READWRITE and ASKING are accepted; else refused as by a server without a cluster. */
  readonly showsCluster: boolean;
  /** Keys of several slots are answered with CROSSSLOT; else such requests are split where that can be. */
  readonly oneSlotOnly: boolean;
  /**
   * Length 16384, or 0: all slots are served here. Index into `targets` for slots that are not, which are
   * answered with MOVED; 0xffff: served here.
   */
  readonly slotToTarget: Uint16Array;
  /** `host:port`, as MOVED names it. With any, keys of several slots are answered with CROSSSLOT. */
  readonly targets: readonly string[];
}

/** What clients are shown as long as nothing was published. */
export const STANDALONE_PRESENTATION: NativePresentation = {
  helloMode: 'standalone',
  showsCluster: false,
  oneSlotOnly: false,
  slotToTarget: new Uint16Array(0),
  targets: [],
};

/** The clients of a database that are shown one of some presentations. C++: `AudienceNames`. */
export interface Audience {
  readonly database: number;
  /** Indexes into the list of `setPresentations`. */
  readonly presentations: readonly number[];
}

/** Who may connect to a listener, and what clients are shown. C++: `ListenerRules`. */
export interface NativeListenerRules {
  /** As for `DataPlane.listen`. */
  readonly peers: readonly NativePeerRule[];
  /** `address/bits` or an address: of those a header of the PROXY protocol is expected. */
  readonly senders: readonly string[];
  /** The same for all that connect through a unix socket. */
  readonly trustsUnixSockets: boolean;
}

/** Which clients of a listener are shown what. C++: `PeerRule`. */
export interface NativePeerRule {
  /** `address/bits` or an address, of IPv4 (which a mapped IPv6 address is, too) or IPv6; '': all clients. */
  readonly cidr: string;
  /** Index into the list of `setPresentations`, from 0 to 65535. */
  readonly presentation: number;
}
