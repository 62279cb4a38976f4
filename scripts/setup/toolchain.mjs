/** What a machine must have to build the addon: a C++ compiler, make, python3, Node's headers. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupProblem } from './problem.mjs';
import { findInPath } from './run.mjs';

const INSTALL_TOOLS = [
  'Debian, Ubuntu:  apt-get install g++ make python3',
  'Fedora:          dnf install gcc-c++ make python3',
  'Alpine:          apk add g++ make python3',
  'macOS:           xcode-select --install',
].join('\n');

const INSTALL_HEADERS = [
  'They belong beside the node that runs this; official archives, nvm, NodeSource and the Docker',
  'images have them. Where the system packages Node apart from its headers:',
  'Debian, Ubuntu:  apt-get install libnode-dev',
  'Fedora:          dnf install nodejs-devel',
  'Alpine:          apk add nodejs-dev',
].join('\n');

/** @throws {SetupProblem} that names every missing tool and the packages that hold them. */
export function requireBuildTools() {
  const missing = [
    ...(findCompiler() === undefined ? ['a C++ compiler (g++ or clang++)'] : []),
    ...['make', 'python3'].filter((tool) => findInPath(tool) === undefined),
  ];
  if (missing.length > 0) {
    throw new SetupProblem(`The native build needs ${missing.join(', ')}.`, INSTALL_TOOLS);
  }
}

/** @returns {string | undefined} CXX if set, else what node-gyp's make takes. */
export function findCompiler() {
  return process.env.CXX ?? findInPath('g++') ?? findInPath('clang++') ?? findInPath('c++');
}

/**
 * The prefix whose include/node holds the headers of the running Node, for `--nodedir`. With it,
 * nothing is downloaded. libuv's header lies there too, or, in Debian's packages, one folder up.
 * @returns {string}
 * @throws {SetupProblem} that names the package to install.
 */
export function findNodePrefix() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const headers = join(prefix, 'include', 'node');
  const uv = [join(headers, 'uv.h'), join(prefix, 'include', 'uv.h')];
  if (existsSync(join(headers, 'node_api.h')) && uv.some((path) => existsSync(path))) return prefix;
  throw new SetupProblem(
    `Node's headers (node_api.h, uv.h) are not in ${headers}.`,
    INSTALL_HEADERS,
  );
}
