#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "domain/problem.hpp"
#include "store/migration.hpp"

/// MySQL and MariaDB through prepared statements: a value never becomes part of a statement's text. What
/// can pass by itself (refused, lost, timed out, locked, read-only, too many connections, a right that is missing)
/// throws Unavailable, "MySQL at host:3306: …"; what the statement is to blame for throws MysqlError.
namespace nearline::store {

struct MysqlOptions {
    std::string host;
    int port = 3306;
    std::string user;
    std::string password{};
    std::string database;

    enum class Tls {
        off,
        required,  ///< encrypted, whoever the server is
        verified,  ///< encrypted, and the server's certificate is valid for `host`
    };
    Tls tls = Tls::off;
    std::string tls_ca{};  ///< PEM file of the certificate authorities for `verified`; empty: the system's

    /// Instead of REPEATABLE READ: no locks on gaps, where many write to one table.
    bool read_committed = false;

    std::chrono::seconds connect_timeout{3};
    std::chrono::seconds io_timeout{10};             ///< for one read or write, so about for one statement
    std::chrono::milliseconds lease_timeout{3'000};  ///< how long to wait for a free connection of the pool
    std::size_t max_connections = 8;

    std::string address() const;  ///< "host:3306"
};

/// Reads mysql://user@host[:port]/database[?ssl-mode=off|required|verified][&ssl-ca=FILE]; ssl-ca alone
/// means verified. The password is set apart, never in the URL. Throws std::invalid_argument that says
/// what is wrong.
MysqlOptions parse_mysql_url(std::string_view url);

/// The server refused a statement.
class MysqlError : public std::runtime_error {
public:
    MysqlError(const std::string& what, unsigned code) : std::runtime_error(what), code_(code) {}
    unsigned code() const noexcept { return code_; }
    bool is_duplicate_key() const noexcept;  ///< a row with this unique key is there already

private:
    unsigned code_;
};

/// The connection ended while a statement was under way: it may have taken effect or not.
class MysqlConnectionLost : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// Two transactions stood in each other's way and the server rolled this one back: it can be repeated.
class MysqlDeadlock : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// NULL, an integer, a number or text (also for dates and decimals).
using MysqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;

class MysqlRow {
public:
    explicit MysqlRow(std::vector<MysqlValue> values) : values_(std::move(values)) {}
    bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
    // They throw std::bad_variant_access where the column is of another type or NULL.
    std::int64_t integer(std::size_t column) const { return std::get<std::int64_t>(values_.at(column)); }
    double number(std::size_t column) const { return std::get<double>(values_.at(column)); }
    const std::string& text(std::size_t column) const { return std::get<std::string>(values_.at(column)); }

private:
    std::vector<MysqlValue> values_;
};

struct MysqlResult {
    std::vector<MysqlRow> rows{};
    std::uint64_t matched = 0;  ///< rows that an INSERT, UPDATE or DELETE hit, changed or not
};

/// One connection: utf8mb4, strict SQL mode, UTC, autocommit, REPEATABLE READ as the server has it. For
/// one thread at a time.
class MysqlConnection {
public:
    /// Connects.
    explicit MysqlConnection(const MysqlOptions& options);
    ~MysqlConnection();
    MysqlConnection(const MysqlConnection&) = delete;
    MysqlConnection& operator=(const MysqlConnection&) = delete;

    /// Runs one statement, prepared once for each text: keep texts few and constant. `?` stands for a value.
    MysqlResult execute(std::string_view sql, std::initializer_list<MysqlValue> values = {});
    MysqlResult execute(std::string_view sql, std::span<const MysqlValue> values);

    void begin();
    /// MysqlConnectionLost: nobody knows whether it was committed.
    void commit();
    void rollback() noexcept;

    /// Bytes that a statement may have with its values. The server hangs up on one that has more, and says so to
    /// nobody in time. Asked once: what is changed at the server holds for new connections.
    std::size_t max_packet();

    /// No use any more: the connection was lost or is in an unknown state.
    bool is_broken() const noexcept;
    /// Whether it can be used after a time of rest: the server has not hung up.
    bool is_alive(std::chrono::steady_clock::duration rested) noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Connections, made when they are needed and kept. A connection that the server has closed while it
/// rested (a restart) is replaced before anyone notices. Thread-safe; blocks.
class MysqlPool {
public:
    /// Does not connect.
    explicit MysqlPool(MysqlOptions options);
    ~MysqlPool();
    MysqlPool(const MysqlPool&) = delete;
    MysqlPool& operator=(const MysqlPool&) = delete;

    /// Holds a connection and gives it back at its end.
    class Lease {
    public:
        explicit Lease(MysqlPool& pool) : pool_(pool), connection_(pool.take()) {}
        ~Lease() { pool_.give_back(std::move(connection_)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        MysqlConnection* operator->() const noexcept { return connection_.get(); }
        MysqlConnection& operator*() const noexcept { return *connection_; }

    private:
        MysqlPool& pool_;
        std::unique_ptr<MysqlConnection> connection_;
    };

    /// Runs what may be run twice (reads, and writes that say the same again): once more, on another
    /// connection, where the first was lost.
    template <class Work>
    auto repeatable(Work&& work) -> std::invoke_result_t<Work, MysqlConnection&> {
        try {
            const Lease connection(*this);
            return work(*connection);
        } catch (const MysqlConnectionLost&) {
        } catch (const MysqlDeadlock&) {
        }
        const Lease connection(*this);
        return work(*connection);
    }

    /// Runs the work in a transaction: commits, or rolls back where it throws. Runs it again, up to
    /// three times in all, after a deadlock or a connection lost before the commit: the work must leave
    /// nothing outside the database. MysqlConnectionLost from the commit itself goes to the caller.
    void transaction(const std::function<void(MysqlConnection&)>& work);

    const MysqlOptions& options() const noexcept { return options_; }

private:
    std::unique_ptr<MysqlConnection> take();
    void give_back(std::unique_ptr<MysqlConnection> connection) noexcept;

    struct State;
    const MysqlOptions options_;
    std::unique_ptr<State> state_;
};

/// Brings the tables of one component up to the last of its steps; any number of processes may do so at
/// once, and one that died in the middle is made up for. MySQL commits every step by itself, so each is
/// one statement and is noted before and after: a step that was begun and not noted as finished is run
/// again, and "is there already" then counts as done. Throws std::runtime_error where the database is
/// from a newer version; MysqlError, Unavailable.
void migrate(MysqlPool& pool, std::string_view component, std::span<const Migration> steps);

}  // namespace nearline::store
