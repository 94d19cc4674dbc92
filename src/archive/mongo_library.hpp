#pragma once

namespace nearline::archive {

/// Begins libmongoc, once; its log goes to ours. Before anything else is asked of it. Thread-safe.
void begin_mongo_library();

}  // namespace nearline::archive
