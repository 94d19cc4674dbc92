#include "archive/archive_store.hpp"

#include <limits>
#include <stdexcept>

#include "archive/mongo.hpp"
#include "archive/sqlite_archive.hpp"
#include "domain/time.hpp"

namespace nearline::archive {
namespace {

constexpr std::string_view sqlite_prefix = "sqlite:";

bool is_sqlite(const std::string& url) {
    return url.starts_with(sqlite_prefix);
}

std::string file_of(const std::string& url) {
    return url.substr(sqlite_prefix.size());
}

bool is_mongo(const std::string& url) {
    return url.starts_with("mongodb://") || url.starts_with("mongodb+srv://");
}

void require_good(const std::string& url) {
    if (const auto wrong = check_archive_url(url); !wrong.empty()) throw std::invalid_argument(wrong);
}

}  // namespace

std::int64_t oldest_kept(Retention keep) {
    if (!keep) return std::numeric_limits<std::int64_t>::min();
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(wall_now().time_since_epoch());
    return (now - std::chrono::milliseconds(*keep)).count();
}

std::string check_archive_url(const std::string& url) {
    if (is_sqlite(url)) return file_of(url).empty() ? "sqlite: needs a file, sqlite:FILE" : "";
    if (is_mongo(url)) return check_mongo_url(url);
    return "must be sqlite:FILE or mongodb://user@host:27017/database";
}

std::string check_archive_password(const std::string& url, bool has_password) {
    if (!is_mongo(url) || !check_mongo_url(url).empty()) return "";
    return check_mongo_password(url, has_password);
}

std::unique_ptr<ArchiveStore> make_archive_store(const Options& options) {
    require_good(options.url);
    if (is_sqlite(options.url)) return make_sqlite_archive(file_of(options.url), options.keep);
    return make_mongo_archive(options);
}

std::unique_ptr<PredictionReader> make_prediction_reader(const Options& options) {
    require_good(options.url);
    if (is_sqlite(options.url)) return make_sqlite_reader(file_of(options.url), options.keep);
    return make_mongo_reader(options);
}

}  // namespace nearline::archive
