/** `npm run build:native:cmake`: the addon by cmake-js, for development; see native/CMakeLists.txt. */
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { runInForeground } from './setup/run.mjs';
import { findNodePrefix } from './setup/toolchain.mjs';

const require = createRequire(import.meta.url);
const prefix = findNodePrefix();
const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js');
process.exitCode = runInForeground(
  process.execPath,
  [
    cmakeJs,
    'compile',
    '--directory=native',
    '--out=build/cmake',
    '--config=Release',
    '--parallel=2',
    `--CDNODE_INCLUDE_DIR=${join(prefix, 'include', 'node')}`,
    `--CDNODE_ADDON_API_DIR=${resolve(require('node-addon-api').include_dir)}`,
  ],
  // cmake-js takes headers from there instead of downloading them.
  { env: { npm_config_nodedir: prefix } },
);
