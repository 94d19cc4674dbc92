#include "notification/outbox_impl.hpp"

namespace nearline::notification {
namespace {

const std::vector<store::Migration> sqlite_steps = {
    {1, "outbox",
     "CREATE TABLE outbox_entries ("
     "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
     "  request_id BLOB NOT NULL,"  // ids are 16 bytes: the index is all that grows at random
     "  outcome INTEGER NOT NULL,"
     "  user BLOB NOT NULL,"
     "  state INTEGER NOT NULL DEFAULT 0,"
     "  queued_at INTEGER NOT NULL,"
     "  keep_from INTEGER NOT NULL,"  // the later of the record's time and queued_at
     "  attempts INTEGER NOT NULL DEFAULT 0,"
     "  mail_id BLOB,"
     "  words TEXT,"
     "  topic TEXT NOT NULL,"
     "  partition_number INTEGER NOT NULL,"
     "  record_offset INTEGER NOT NULL,"
     "  record_time INTEGER NOT NULL,"
     // These are NULL once the entry has ended.
     "  record_key BLOB,"
     "  record_value BLOB,"
     "  record_headers BLOB,"
     "  UNIQUE (request_id, outcome)"
     ");"
     "CREATE INDEX outbox_entries_waiting ON outbox_entries (user, state) WHERE state < 2;"
     "CREATE INDEX outbox_entries_queued ON outbox_entries (queued_at) WHERE state < 2;"
     "CREATE INDEX outbox_entries_ended ON outbox_entries (keep_from) WHERE state >= 2;"
     "CREATE TABLE outbox_users ("
     "  user BLOB PRIMARY KEY,"
     "  due_at INTEGER,"  // NULL: nothing waits
     "  not_before INTEGER NOT NULL DEFAULT 0,"
     "  lease_token TEXT,"
     "  lease_until INTEGER NOT NULL DEFAULT 0,"
     "  hour_began INTEGER NOT NULL DEFAULT 0,"
     "  mails INTEGER NOT NULL DEFAULT 0,"
     "  is_gathering INTEGER NOT NULL DEFAULT 0,"
     "  failures INTEGER NOT NULL DEFAULT 0,"
     // The mail that is composed and has not ended.
     "  mail_id BLOB,"
     "  mail_is_digest INTEGER NOT NULL DEFAULT 0,"
     "  mail_composed_at INTEGER NOT NULL DEFAULT 0"
     ") WITHOUT ROWID;"
     "CREATE INDEX outbox_users_due ON outbox_users (due_at) WHERE due_at IS NOT NULL"},
};

const std::vector<store::Migration> mysql_steps = {
    {1, "entries",
     "CREATE TABLE outbox_entries ("
     "  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
     "  request_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
     "  outcome SMALLINT NOT NULL,"
     "  user CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
     "  state TINYINT NOT NULL DEFAULT 0,"
     "  queued_at BIGINT NOT NULL,"
     "  keep_from BIGINT NOT NULL,"  // the later of the record's time and queued_at
     "  attempts INT NOT NULL DEFAULT 0,"
     "  mail_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,"
     "  words VARCHAR(1000) NULL,"
     "  topic VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,"
     "  partition_number INT NOT NULL,"
     "  record_offset BIGINT NOT NULL,"
     "  record_time BIGINT NOT NULL,"
     // These are NULL once the entry has ended.
     "  record_key MEDIUMBLOB NULL,"
     "  record_value MEDIUMBLOB NULL,"
     "  record_headers MEDIUMBLOB NULL,"
     "  UNIQUE KEY outbox_entries_request (request_id, outcome),"
     "  KEY outbox_entries_user (user, state, id),"
     "  KEY outbox_entries_queued (state, queued_at),"
     "  KEY outbox_entries_keep (keep_from)"
     ") ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"},
    {2, "users",
     "CREATE TABLE outbox_users ("
     "  user CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,"
     "  due_at BIGINT NULL,"  // NULL: nothing waits
     "  not_before BIGINT NOT NULL DEFAULT 0,"
     "  lease_token CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,"
     "  lease_until BIGINT NOT NULL DEFAULT 0,"
     "  hour_began BIGINT NOT NULL DEFAULT 0,"
     "  mails INT NOT NULL DEFAULT 0,"
     "  is_gathering TINYINT NOT NULL DEFAULT 0,"
     "  failures INT NOT NULL DEFAULT 0,"
     // The mail that is composed and has not ended.
     "  mail_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,"
     "  mail_is_digest TINYINT NOT NULL DEFAULT 0,"
     "  mail_composed_at BIGINT NOT NULL DEFAULT 0,"
     "  KEY outbox_users_due (due_at)"
     ") ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin"},
};

}  // namespace

const std::vector<store::Migration>& sqlite_outbox_tables() {
    return sqlite_steps;
}

const std::vector<store::Migration>& mysql_outbox_tables() {
    return mysql_steps;
}

}  // namespace nearline::notification
