#include <errmsg.h>
#include <limits>
#include <map>
#include <mutex>
#include <mysql.h>
#include <mysqld_error.h>
#include <poll.h>

#include "store/mysql.hpp"

namespace nearline::store {
namespace {

struct CloseConnection {
    void operator()(MYSQL* handle) const noexcept { mysql_close(handle); }
};
struct CloseStatement {
    void operator()(MYSQL_STMT* handle) const noexcept { mysql_stmt_close(handle); }
};
struct FreeResult {
    void operator()(MYSQL_RES* handle) const noexcept { mysql_free_result(handle); }
};
struct FreeStatementResult {
    void operator()(MYSQL_STMT* handle) const noexcept { mysql_stmt_free_result(handle); }
};
using ConnectionHandle = std::unique_ptr<MYSQL, CloseConnection>;
using StatementHandle = std::unique_ptr<MYSQL_STMT, CloseStatement>;
using ResultHandle = std::unique_ptr<MYSQL_RES, FreeResult>;
using StatementResultHandle = std::unique_ptr<MYSQL_STMT, FreeStatementResult>;

// The server's codes that libmariadb's headers don't all have, from both servers' lists.
constexpr unsigned er_query_interrupted = 1317;
constexpr unsigned er_access_denied_no_password = 1698;
constexpr unsigned er_read_only_transaction = 1792;
constexpr unsigned er_read_only_mode = 1836;
constexpr unsigned er_connection_killed = 1927;
constexpr unsigned er_statement_timeout_mariadb = 1969;
constexpr unsigned er_query_timeout_mysql = 3024;
constexpr unsigned er_account_locked_mysql = 3118;
constexpr unsigned er_client_interaction_timeout_mysql = 4031;
constexpr unsigned er_account_locked_mariadb = 4151;

bool is_client_error(unsigned code) noexcept {
    return (code >= 2000 && code < 3000) || (code >= 5000 && code < 5100);
}

bool breaks_connection(unsigned code) noexcept {
    switch (code) {
        case ER_SERVER_SHUTDOWN:
        case ER_NORMAL_SHUTDOWN:
        case ER_NET_READ_ERROR:
        case ER_NET_READ_INTERRUPTED:
        case ER_NET_ERROR_ON_WRITE:
        case ER_NET_WRITE_INTERRUPTED:
        case er_query_interrupted:
        case er_connection_killed:
        case er_client_interaction_timeout_mysql:
            return true;
        default:
            return is_client_error(code);
    }
}

bool can_pass(unsigned code) noexcept {
    switch (code) {
        case ER_CON_COUNT_ERROR:
        case ER_TOO_MANY_USER_CONNECTIONS:
        case ER_USER_LIMIT_REACHED:
        case ER_OUT_OF_RESOURCES:
        case ER_OUTOFMEMORY:
        case ER_LOCK_WAIT_TIMEOUT:
        case ER_DISK_FULL:
        case ER_RECORD_FILE_FULL:
        case ER_OPTION_PREVENTS_STATEMENT:  // --read-only, while another server takes over
        case ER_ACCESS_DENIED_ERROR:        // so it is while a password is being changed
        case ER_DBACCESS_DENIED_ERROR:
        case ER_BAD_DB_ERROR:
        case ER_TABLEACCESS_DENIED_ERROR:  // and while rights are being set anew
        case ER_COLUMNACCESS_DENIED_ERROR:
        case ER_HOST_IS_BLOCKED:
        case ER_HOST_NOT_PRIVILEGED:
        case ER_UNKNOWN_COM_ERROR:  // a Galera node that is cut off from the others
        case ER_MAX_PREPARED_STMT_COUNT_REACHED:
        case er_access_denied_no_password:
        case er_account_locked_mysql:
        case er_account_locked_mariadb:
        case er_read_only_transaction:
        case er_read_only_mode:
        case er_statement_timeout_mariadb:
        case er_query_timeout_mysql:
            return true;
        default:
            return false;
    }
}

[[noreturn]] void throw_error(const std::string& address, unsigned code, const std::string& message) {
    const std::string what = "MySQL at " + address + ": " + message + " (" + std::to_string(code) + ")";
    if (breaks_connection(code)) throw MysqlConnectionLost(what);
    if (code == ER_LOCK_DEADLOCK) throw MysqlDeadlock(what);
    if (can_pass(code)) throw Unavailable(what);
    throw MysqlError(what, code);
}

// libmariadb's first mysql_init() sets up the library and is not thread-safe.
void init_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        if (mysql_library_init(0, nullptr, nullptr) != 0)
            throw std::runtime_error("libmariadb could not be initialized");
    });
}

void set_options(MYSQL* handle, const MysqlOptions& options) {
    const auto connect_timeout = static_cast<unsigned>(options.connect_timeout.count());
    const auto io_timeout = static_cast<unsigned>(options.io_timeout.count());
    const unsigned protocol = MYSQL_PROTOCOL_TCP;  // "localhost" would be a Unix socket
    const unsigned no_local_files = 0;             // a false server could ask for any of ours
    mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &io_timeout);
    mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &io_timeout);
    mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_optionsv(handle, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
    mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(handle, MYSQL_INIT_COMMAND,
                   "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
                   "NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY', time_zone = '+00:00', autocommit = 1");
    if (options.read_committed) {
        mysql_optionsv(handle, MYSQL_INIT_COMMAND, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
    }
    // libmariadb 3.4 (Debian 13) verifies by default, 3.3 does not: say it always.
    const my_bool verify = options.tls == MysqlOptions::Tls::verified ? 1 : 0;
    const my_bool enforce = options.tls != MysqlOptions::Tls::off ? 1 : 0;
    mysql_optionsv(handle, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_optionsv(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (!options.tls_ca.empty()) mysql_optionsv(handle, MYSQL_OPT_SSL_CA, options.tls_ca.c_str());
}

struct BindVisitor {
    MYSQL_BIND& bind;
    void operator()(std::monostate) const { bind.buffer_type = MYSQL_TYPE_NULL; }
    void operator()(const std::int64_t& value) const { set(MYSQL_TYPE_LONGLONG, &value, sizeof value); }
    void operator()(const double& value) const { set(MYSQL_TYPE_DOUBLE, &value, sizeof value); }
    void operator()(const std::string& value) const { set(MYSQL_TYPE_STRING, value.data(), value.size()); }
    void set(enum_field_types type, const void* buffer, std::size_t length) const {
        bind.buffer_type = type;
        bind.buffer = const_cast<void*>(buffer);  // only read: it is a parameter
        bind.buffer_length = length;
    }
};

// One column of the row that is being fetched.
struct Column {
    enum_field_types type = MYSQL_TYPE_STRING;
    bool is_unsigned = false;
    std::int64_t integer = 0;
    double number = 0;
    std::string text{};
    unsigned long length = 0;
    my_bool is_null = 0;

    explicit Column(const MYSQL_FIELD& field) : is_unsigned((field.flags & UNSIGNED_FLAG) != 0) {
        switch (field.type) {
            case MYSQL_TYPE_TINY:
            case MYSQL_TYPE_SHORT:
            case MYSQL_TYPE_INT24:
            case MYSQL_TYPE_LONG:
            case MYSQL_TYPE_LONGLONG:
            case MYSQL_TYPE_YEAR:
                type = MYSQL_TYPE_LONGLONG;
                break;
            case MYSQL_TYPE_FLOAT:
            case MYSQL_TYPE_DOUBLE:
                type = MYSQL_TYPE_DOUBLE;
                break;
            default:
                text.resize(field.max_length);
        }
    }

    void bind_to(MYSQL_BIND& bind) {
        bind.buffer_type = type;
        bind.is_null = &is_null;
        bind.length = &length;
        bind.is_unsigned = is_unsigned ? 1 : 0;
        if (type == MYSQL_TYPE_LONGLONG) {
            bind.buffer = &integer;
        } else if (type == MYSQL_TYPE_DOUBLE) {
            bind.buffer = &number;
        } else {
            bind.buffer = text.data();
            bind.buffer_length = text.size();
        }
    }

    MysqlValue value() const {
        if (is_null != 0) return std::monostate();
        if (type == MYSQL_TYPE_DOUBLE) return number;
        if (type != MYSQL_TYPE_LONGLONG) return text.substr(0, length);
        if (is_unsigned && integer < 0) throw std::range_error("a MySQL BIGINT UNSIGNED over 2^63 - 1");
        return integer;
    }
};

}  // namespace

bool MysqlError::is_duplicate_key() const noexcept {
    return code_ == ER_DUP_ENTRY;
}

struct MysqlConnection::Impl {
    std::string address;
    ConnectionHandle handle;
    std::map<std::string, StatementHandle, std::less<>> statements{};
    bool broken = false;
    std::size_t max_packet = 0;  // not asked yet

    [[noreturn]] void fail(unsigned code, const std::string& message) {
        broken = broken || breaks_connection(code);
        throw_error(address, code, message);
    }
    [[noreturn]] void fail() { fail(mysql_errno(handle.get()), mysql_error(handle.get())); }
    [[noreturn]] void fail(MYSQL_STMT* statement) { fail(mysql_stmt_errno(statement), mysql_stmt_error(statement)); }

    MYSQL_STMT* prepare(std::string_view sql) {
        if (const auto found = statements.find(sql); found != statements.end()) return found->second.get();
        constexpr std::size_t most = 64;  // the server keeps each one too
        if (statements.size() >= most) statements.clear();
        StatementHandle statement(mysql_stmt_init(handle.get()));
        if (!statement) fail();
        const my_bool want_lengths = 1;
        mysql_stmt_attr_set(statement.get(), STMT_ATTR_UPDATE_MAX_LENGTH, &want_lengths);
        if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0) fail(statement.get());
        return statements.emplace(std::string(sql), std::move(statement)).first->second.get();
    }

    MysqlResult run(MYSQL_STMT* statement, std::span<const MysqlValue> values) {
        if (mysql_stmt_param_count(statement) != values.size()) {
            throw std::logic_error("a MySQL statement wants " + std::to_string(mysql_stmt_param_count(statement)) +
                                   " values, not " + std::to_string(values.size()));
        }
        std::vector<MYSQL_BIND> binds(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) std::visit(BindVisitor{binds[i]}, values[i]);
        if (!binds.empty() && mysql_stmt_bind_param(statement, binds.data()) != 0) fail(statement);
        if (mysql_stmt_execute(statement) != 0) fail(statement);
        MysqlResult result;
        const ResultHandle metadata(mysql_stmt_result_metadata(statement));
        if (metadata) {
            result.rows = fetch(statement, metadata.get());
        } else {
            result.matched = mysql_stmt_affected_rows(statement);
        }
        return result;
    }

    std::vector<MysqlRow> fetch(MYSQL_STMT* statement, MYSQL_RES* metadata) {
        if (mysql_stmt_store_result(statement) != 0) fail(statement);
        const StatementResultHandle stored(statement);
        // Only after store_result() do a column's metadata know how long its longest value is.
        const ResultHandle lengths(mysql_stmt_result_metadata(statement));
        const unsigned count = mysql_num_fields(metadata);
        std::vector<Column> columns;
        for (unsigned i = 0; i < count; ++i) columns.emplace_back(mysql_fetch_fields(lengths.get())[i]);
        std::vector<MYSQL_BIND> binds(count);
        for (unsigned i = 0; i < count; ++i) columns[i].bind_to(binds[i]);
        if (mysql_stmt_bind_result(statement, binds.data()) != 0) fail(statement);
        std::vector<MysqlRow> rows;
        for (;;) {
            const int status = mysql_stmt_fetch(statement);
            if (status == MYSQL_NO_DATA) return rows;
            if (status == MYSQL_DATA_TRUNCATED) throw std::logic_error("a MySQL column was longer than it said");
            if (status != 0) fail(statement);
            std::vector<MysqlValue> values;
            values.reserve(columns.size());
            for (const Column& column : columns) values.push_back(column.value());
            rows.emplace_back(std::move(values));
        }
    }
};

MysqlConnection::MysqlConnection(const MysqlOptions& options) : impl_(std::make_unique<Impl>()) {
    init_library();
    impl_->address = options.address();
    impl_->handle.reset(mysql_init(nullptr));
    if (!impl_->handle) throw std::bad_alloc();
    MYSQL* const handle = impl_->handle.get();
    set_options(handle, options);
    if (mysql_real_connect(handle, options.host.c_str(), options.user.c_str(), options.password.c_str(),
                           options.database.c_str(), static_cast<unsigned>(options.port), nullptr,
                           CLIENT_FOUND_ROWS) == nullptr) {
        const unsigned code = mysql_errno(handle);
        std::string message = mysql_error(handle);
        if (code == ER_ACCESS_DENIED_ERROR)
            message += options.password.empty() ? "; MYSQL_PASSWORD is not given" : "; the password is MYSQL_PASSWORD";
        // Nothing was under way: there is nothing to be in doubt about.
        try {
            throw_error(impl_->address, code, message);
        } catch (const MysqlConnectionLost& lost) {
            throw Unavailable(lost.what());
        }
    }
}

MysqlConnection::~MysqlConnection() = default;

MysqlResult MysqlConnection::execute(std::string_view sql, std::initializer_list<MysqlValue> values) {
    return execute(sql, std::span(values.begin(), values.size()));
}

MysqlResult MysqlConnection::execute(std::string_view sql, std::span<const MysqlValue> values) {
    MYSQL_STMT* const statement = impl_->prepare(sql);
    try {
        return impl_->run(statement, values);
    } catch (...) {
        // After an error a prepared statement's state is anyone's guess: the next one prepares anew.
        impl_->statements.erase(impl_->statements.find(sql));
        throw;
    }
}

void MysqlConnection::begin() {
    static constexpr std::string_view text = "START TRANSACTION";
    if (mysql_real_query(impl_->handle.get(), text.data(), text.size()) != 0) impl_->fail();
}

void MysqlConnection::commit() {
    if (mysql_commit(impl_->handle.get()) != 0) impl_->fail();
}

void MysqlConnection::rollback() noexcept {
    if (!impl_->broken && mysql_rollback(impl_->handle.get()) != 0) impl_->broken = true;
}

std::size_t MysqlConnection::max_packet() {
    if (impl_->max_packet == 0) {
        impl_->max_packet = static_cast<std::size_t>(execute("SELECT @@max_allowed_packet").rows.at(0).integer(0));
    }
    return impl_->max_packet;
}

bool MysqlConnection::is_broken() const noexcept {
    return impl_->broken;
}

bool MysqlConnection::is_alive(std::chrono::steady_clock::duration rested) noexcept {
    if (impl_->broken) return false;
    // Nobody asked for anything, so whatever there is to read is the server's farewell.
    pollfd descriptor{mysql_get_socket(impl_->handle.get()), POLLIN, 0};
    if (::poll(&descriptor, 1, 0) != 0) return false;
    // A firewall may have forgotten a connection without telling anyone.
    constexpr auto trusted = std::chrono::seconds(30);
    return rested < trusted || mysql_ping(impl_->handle.get()) == 0;
}

}  // namespace nearline::store
