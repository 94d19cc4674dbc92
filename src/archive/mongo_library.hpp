#pragma once

#include <string>
#include <vector>

namespace nearline::archive {

/// Begins libmongoc, once; its log goes to ours. Before anything else is asked of it. Thread-safe.
void begin_mongo_library();

/// While it lives, what libmongoc warns of on this thread is kept here and not logged. One at a time on a thread.
class MongoWarnings {
public:
    MongoWarnings() noexcept;
    ~MongoWarnings();
    MongoWarnings(const MongoWarnings&) = delete;
    MongoWarnings& operator=(const MongoWarnings&) = delete;
    const std::vector<std::string>& all() const noexcept { return all_; }

private:
    std::vector<std::string> all_{};
};

}  // namespace nearline::archive
