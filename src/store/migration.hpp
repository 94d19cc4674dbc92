#pragma once

#include <string>

namespace nearline::store {

/// One step of a database's tables, from the version before it to `version`. What has been released is
/// never edited: a change is another step.
struct Migration {
    int version;       ///< from 1, rising by 1
    std::string name;  ///< what it does, in a few words
    std::string sql;   ///< SQLite: any number of statements; MySQL: one
};

}  // namespace nearline::store
