#pragma once

#include <string>

#include "support/temp_dir.hpp"

namespace nearline::test {

/// The URL of a MongoDB, without a database: NEARLINE_TEST_MONGODB, or of a server that speaks its protocol,
/// started for this process.
const std::string& mongo_url();

/// A database that no other test uses, on that server: mongodb://host:port/<name>.
std::string fresh_mongo_database();

/// A server of one test's own, to be stopped and killed.
class OwnMongo {
public:
    OwnMongo() { start(); }
    ~OwnMongo();
    OwnMongo(const OwnMongo&) = delete;
    OwnMongo& operator=(const OwnMongo&) = delete;

    /// mongodb://host:port/nearline, with short time-outs.
    std::string url() const;
    void start();  ///< on the same port, with the same documents
    void kill() { run("kill"); }
    void freeze() { run("freeze"); }
    void thaw() { run("thaw"); }

private:
    std::string run(const std::string& command) const;

    TempDir dir_;
    std::string address_;
};

}  // namespace nearline::test
