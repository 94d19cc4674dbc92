#include "archive/mongo_library.hpp"

#include <mongoc/mongoc.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/log.hpp"

namespace nearline::archive {
namespace {

thread_local std::vector<std::string>* kept_warnings = nullptr;

/// libmongoc's own log would go to standard error in a form of its own. What goes wrong also comes as an
/// error, and is reported as such.
void pass_on(mongoc_log_level_t level, const char* domain, const char* message, void* /*unused*/) {
    if (kept_warnings != nullptr && level <= MONGOC_LOG_LEVEL_WARNING) {
        kept_warnings->emplace_back(message);
        return;
    }
    log::debug("libmongoc", {{"domain", domain}, {"message", message}});
}

/// Debian's libmongoc begins by itself when it is loaded, in every program that is linked to it, before anyone could
/// tell it not to: it makes /dev/shm/mongoc-PID for counters that nobody reads. kill -9 would leave it there, and
/// whoever gets that PID next would complain of it on standard error. What is mapped stays so without its name.
[[maybe_unused]] const int unnamed_counters = shm_unlink(("/mongoc-" + std::to_string(getpid())).c_str());

}  // namespace

/// It is not ended: a pool may outlive statics.
void begin_mongo_library() {
    [[maybe_unused]] static const bool begun = [] {
        mongoc_init();
        mongoc_log_set_handler(pass_on, nullptr);
        return true;
    }();
}

MongoWarnings::MongoWarnings() noexcept {
    kept_warnings = &all_;
}

MongoWarnings::~MongoWarnings() {
    kept_warnings = nullptr;
}

}  // namespace nearline::archive
