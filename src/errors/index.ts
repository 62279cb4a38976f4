export { assertNever } from './assert-never.js';
export { ERROR_CODES, type ProxyErrorCode } from './codes.js';
export { ProxyError } from './proxy-error.js';
