export {
  type CallOptions,
  ControlConnection,
  type ControlConnectionOptions,
} from './control-connection.js';
export { type Credentials, type LoginSecret, NO_CREDENTIALS } from './credentials.js';
export {
  type Endpoint,
  formatEndpoint,
  formatHostPort,
  parseEndpoint,
  parseSeed,
  type Seed,
  splitHostPort,
} from './endpoint.js';
export { openSocket } from './open-socket.js';
export { canonicalHost, Subnet } from './subnet.js';
