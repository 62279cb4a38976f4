# The addon, as node-gyp builds it on the user's machine. native/CMakeLists.txt is its twin for
# cmake-js; both read native/sources.txt.
{
  'variables': {
    'our_warnings': ['-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
  },
  'targets': [
    {
      'target_name': 'slotgate',
      'sources': ['<!@(node scripts/setup/list-sources.mjs)'],
      'include_dirs': ['native'],
      'defines': [
        'NAPI_VERSION=9',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        # An environment that is being torn down cannot throw; its last wake-up is no error.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      # Node's and node-addon-api's headers are not ours: no warnings from them.
      'cflags_cc': [
        '-std=c++20', '-O3', '-flto=auto', '-fvisibility=hidden', '-fno-exceptions', '-fno-rtti',
        '-isystem', '<(node_root_dir)/include/node',
        '-isystem', '<!(node scripts/setup/napi-include.mjs)',
        '<@(our_warnings)',
      ],
      # Replaced by ours above; the frame pointer costs a register on the hot path.
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'cflags!': ['-fno-omit-frame-pointer'],
      'ldflags': ['-flto=auto', '-O3'],
      'xcode_settings': {
        'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
        'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
        'GCC_ENABLE_CPP_RTTI': 'NO',
        'GCC_OPTIMIZATION_LEVEL': '3',
        'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
        'MACOSX_DEPLOYMENT_TARGET': '12.0',
        'OTHER_CPLUSPLUSFLAGS': [
          '-isystem', '<(node_root_dir)/include/node',
          '-isystem', '<!(node scripts/setup/napi-include.mjs)',
          '<@(our_warnings)',
        ],
      },
    },
  ],
}
