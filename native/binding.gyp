# The addon: the engine, its indexes, query execution and the Node-API binding, in one shared library.
#
# Sources are found in the file system and compiled several at a time (sources.mjs): a new file needs no change here, and what
# two files call the same in their unnamed namespaces is an error. Kernels for one instruction
# set are libraries of their own, because flags go by target; index/vector/distance.h chooses among them at run time.
# ZSTD is C, and not ours: a library of its own too, made where its sources are installed (zstd.mjs).
{
  'variables': {
    'zstd%': '<!(node sources.mjs zstd-folder)',
    # For releases: the C++ library of the machine that loads the addon may be older than the one it was built with.
    'static_runtime%': '<!(node -p "process.env.SOCHDB_STATIC_RUNTIME || 0")',
  },
  'target_defaults': {
    'defines': ['NAPI_VERSION=9', 'NODE_API_NO_EXTERNAL_BUFFERS_ALLOWED'],
    'include_dirs': ['.'],
    'configurations': {'Release': {'defines': ['NDEBUG']}},
    'cflags!': ['-fno-exceptions', '-fno-omit-frame-pointer'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': [
      '-std=c++20', '-O3', '-fPIC', '-fvisibility=hidden', '-fvisibility-inlines-hidden', '-ffunction-sections',
      '-Wall', '-Wextra', '-Wconversion', '-Wsign-conversion', '-Wshadow', '-Wnon-virtual-dtor', '-Werror',
    ],
    'conditions': [
      # g++ 12 sees overlapping copies in std::string's operator+ at -O3 where there are none (GCC bug 105651).
      ['OS=="linux"', {'cflags_cc': ['-Wno-restrict']}],
    ],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++20',
      'CLANG_CXX_LIBRARY': 'libc++',
      'GCC_ENABLE_CPP_EXCEPTIONS': 'YES',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'GCC_OPTIMIZATION_LEVEL': '3',
      'MACOSX_DEPLOYMENT_TARGET': '12.0',
    },
  },
  'targets': [
    {
      'target_name': 'sochdb',
      'sources': ['<!@(node sources.mjs general)'],
      'ldflags': ['-Wl,--gc-sections', '-pthread'],
      'conditions': [
        ['target_arch=="x64"', {'dependencies': ['kernels_avx2', 'kernels_avx512', 'kernels_avx512vnni']}, {
          'sources': [
            '<!@(node sources.mjs avx2)', '<!@(node sources.mjs avx512)', '<!@(node sources.mjs avx512vnni)',
          ],
        }],
        ['OS=="mac"', {'ldflags!': ['-Wl,--gc-sections']}],
        ['OS=="linux" and static_runtime=="1"', {
          'ldflags': ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'],
        }],
        ['zstd!=""', {
          'dependencies': ['zstd'],
          'defines': ['SOCHDB_HAVE_ZSTD'],
          'include_dirs': ['<(zstd)'],
        }],
      ],
    },
  ],
  'conditions': [
    ['zstd!=""', {
      'targets': [
        {
          'target_name': 'zstd',
          'type': 'static_library',
          'sources': ['<!@(node sources.mjs zstd)'],
          # One thread, no tracing, and nothing visible outside the addon: another in the process may bring a ZSTD too.
          'defines': ['ZSTD_NO_TRACE', 'ZSTDLIB_VISIBLE=', 'ZSTDERRORLIB_VISIBLE=', 'XXH_NAMESPACE=ZSTD_'],
          'cflags': ['-O3', '-fPIC', '-fvisibility=hidden', '-ffunction-sections', '-w'],
        },
      ],
    }],
    ['target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'kernels_avx2',
          'type': 'static_library',
          'sources': ['<!@(node sources.mjs avx2)'],
          'cflags_cc': ['-mavx2', '-mfma'],
          'xcode_settings': {'OTHER_CPLUSPLUSFLAGS': ['-mavx2', '-mfma']},
        },
        {
          'target_name': 'kernels_avx512',
          'type': 'static_library',
          'sources': ['<!@(node sources.mjs avx512)'],
          'cflags_cc': ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq'],
          'xcode_settings': {'OTHER_CPLUSPLUSFLAGS': ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq']},
        },
        {
          'target_name': 'kernels_avx512vnni',
          'type': 'static_library',
          'sources': ['<!@(node sources.mjs avx512vnni)'],
          'cflags_cc': ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
          'xcode_settings': {
            'OTHER_CPLUSPLUSFLAGS': ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
          },
        },
      ],
    }],
  ],
}
