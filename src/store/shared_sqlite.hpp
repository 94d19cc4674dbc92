#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "store/sqlite.hpp"

namespace nearline::store {

/// One connection that many threads use, one at a time: SQLite's own locks are between connections. Thread-safe.
class SharedSqlite {
public:
    using Work = std::function<void(SQLite::Database&)>;

    explicit SharedSqlite(std::string path);
    ~SharedSqlite();

    /// Opens it, unless it is open; `prepare` then makes its tables. Throws what open_sqlite() and `prepare` throw: it
    /// is not open then.
    void open(const Work& prepare);

    /// Gives what `work` gives. Throws Unavailable before it is open, and an error of SQLite as throw_sqlite() does.
    template <class Ask>
    std::invoke_result_t<Ask&, SQLite::Database&> use(Ask work) {
        using Result = std::invoke_result_t<Ask&, SQLite::Database&>;
        if constexpr (std::is_void_v<Result>) {
            run(work);
        } else {
            std::optional<Result> result;
            run([&](SQLite::Database& database) { result.emplace(work(database)); });
            return *std::move(result);
        }
    }

private:
    void run(const Work& work);

    const std::string path_;
    std::mutex mutex_;
    std::unique_ptr<SQLite::Database> database_;
};

}  // namespace nearline::store
