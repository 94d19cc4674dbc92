#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "notification/outbox_impl.hpp"
#include "support/mariadb.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

/// A place for an outbox, and outboxes on it: several, as several processes would have them.
class OutboxPlace {
public:
    virtual ~OutboxPlace() = default;
    virtual std::unique_ptr<notification::Outbox> open() = 0;
};

class SqliteOutboxPlace : public OutboxPlace {
public:
    std::unique_ptr<notification::Outbox> open() override {
        return notification::make_sqlite_outbox(dir_ / "users.db");
    }

private:
    TempDir dir_;
};

class MysqlOutboxPlace : public OutboxPlace {
public:
    std::unique_ptr<notification::Outbox> open() override {
        return notification::make_mysql_outbox(database_.options());
    }

private:
    MysqlDatabase database_;
};

/// A parameter of tests that run on every implementation.
struct OutboxKind {
    const char* name;
    std::unique_ptr<OutboxPlace> (*make)();
    friend void PrintTo(const OutboxKind& kind, std::ostream* out) { *out << kind.name; }
};

template <class Place>
std::unique_ptr<OutboxPlace> make_outbox_place() {
    return std::make_unique<Place>();
}

inline const OutboxKind outbox_kinds[] = {{"Sqlite", make_outbox_place<SqliteOutboxPlace>},
                                          {"Mysql", make_outbox_place<MysqlOutboxPlace>}};

}  // namespace nearline::test
