// The kit's namespace. It is versioned and hidden: every extension module compiles its own copy, and two modules that
// were built against different versions of the kit live in one process without meeting.
#pragma once

#define MS_KIT_OPEN                     \
  namespace mindspore {                 \
  namespace kit __attribute__((visibility("hidden"))) { \
  inline namespace v1 {

#define MS_KIT_CLOSE \
  }                  \
  }                  \
  }
