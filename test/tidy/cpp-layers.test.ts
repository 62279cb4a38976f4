import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesWith, ROOT, textOf } from './support/files.js';

const LAYERS = ['core', 'plane', 'addon'];
const CPP = ['.h', '.cc'];
/** What one may include in angle brackets: the C++ library; in the plane also libuv and POSIX. */
const SYSTEM_HEADERS: Readonly<Record<string, RegExp>> = {
  core: /^[a-z_]+$/,
  plane: /^(?!node|napi|v8|js_native)[a-z0-9_/]+(\.h)?$/,
  addon: /./,
};

interface Include {
  readonly file: string;
  readonly name: string;
  readonly isSystem: boolean;
}

function includesOf(file: string, text = textOf(file)): Include[] {
  return [...text.matchAll(/^\s*#\s*include\s*([<"])([^>"]+)[>"]/gm)].map((match) => ({
    file,
    name: match[2] ?? '',
    isSystem: match[1] === '<',
  }));
}

/** `core` for `native/core/crc16.h`. */
function layerOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function fault({ file, name, isSystem }: Include): string | undefined {
  const layer = layerOf(file);
  if (isSystem) {
    return SYSTEM_HEADERS[layer]?.test(name) ? undefined : `${file} includes <${name}>`;
  }
  const target = name.split('/')[0] ?? '';
  if (!LAYERS.includes(target)) return `${file} includes "${name}": write "${layer}/${name}"`;
  if (!existsSync(join(ROOT, 'native', name))) return `${file}: there is no native/${name}`;
  const isBelow = LAYERS.indexOf(target) <= LAYERS.indexOf(layer);
  return isBelow ? undefined : `${file} includes "${name}"`;
}

function listedSources(): { readonly heading: string; readonly path: string }[] {
  let heading = '';
  return textOf('native/sources.txt')
    .split('\n')
    .flatMap((line) => {
      if (/^# \w+$/.test(line)) heading = line.slice(2);
      return line === '' || line.startsWith('#') ? [] : [{ heading, path: line }];
    });
}

describe('the check of includes itself', () => {
  test.each([
    ['native/core/a.cc', '#include <uv.h>'],
    ['native/core/a.cc', '#include <sys/socket.h>'],
    ['native/core/a.cc', '#include "plane/worker.h"'],
    ['native/plane/a.cc', '  #  include <napi.h>'],
    ['native/plane/a.cc', '#include <node_api.h>'],
    ['native/plane/a.cc', '#include "addon/addon.h"'],
    ['native/core/a.cc', '#include "a.h"'],
  ])('refuses in %s: %s', (file, line) => {
    expect(includesOf(file, line).map(fault)).toEqual([expect.stringContaining(file)]);
  });

  test.each([
    ['native/core/a.cc', '#include <cstdint>'],
    ['native/plane/a.cc', '#include <uv.h>\n#include <sys/socket.h>'],
    ['native/addon/a.cc', '#include <napi.h>'],
  ])('allows in %s: %s', (file, lines) => {
    expect(includesOf(file, lines).flatMap((include) => fault(include) ?? [])).toEqual([]);
  });
});

describe('native', () => {
  const files = LAYERS.flatMap((layer) => filesWith(`native/${layer}`, CPP));

  test('includes point downwards: addon, plane, core', () => {
    expect(files).not.toEqual([]);
    expect(files.flatMap((file) => includesOf(file)).flatMap((one) => fault(one) ?? [])).toEqual(
      [],
    );
  });

  test('sources.txt lists every source once, under the heading of its folder', () => {
    const listed = listedSources();
    const onDisk = files.filter((file) => file.endsWith('.cc')).sort();
    expect(listed.map(({ path }) => `native/${path}`).sort()).toEqual(onDisk);
    expect(listed.filter(({ heading, path }) => !path.startsWith(`${heading}/`))).toEqual([]);
  });

  test('headers have #pragma once', () => {
    const headers = filesWith('native', ['.h']);
    expect(headers.filter((file) => !/^#pragma once$/m.test(textOf(file)))).toEqual([]);
  });
});
