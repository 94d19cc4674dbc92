#include "support/mongo.hpp"

#include <cstdlib>
#include <unistd.h>

#include "domain/uuid.hpp"
#include "support/command.hpp"
#include "support/temp_dir.hpp"

namespace nearline::test {

const std::string& mongo_url() {
    static const std::string given = [] {
        const char* const url = std::getenv("NEARLINE_TEST_MONGODB");
        return std::string(url == nullptr ? "" : url);
    }();
    if (!given.empty()) return given;
    static const TempDir dir;
    static const std::string own = "mongodb://" + output_of("tests/servers/mongo start '" + (dir / "mongo") +
                                                            "' --until-exit-of " + std::to_string(::getpid()));
    return own;
}

std::string fresh_mongo_database() {
    auto url = mongo_url();
    const auto options = url.find('?');
    const auto name = "nearline_" + Uuid::random().to_string().substr(0, 8);
    const auto head = url.substr(0, options);
    const auto slash = head.find('/', std::string("mongodb://").size());
    return head.substr(0, slash) + "/" + name + (options == std::string::npos ? "" : url.substr(options));
}

OwnMongo::~OwnMongo() {
    try {
        kill();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
    }
}

std::string OwnMongo::url() const {
    return "mongodb://" + address_ + "/nearline?serverSelectionTimeoutMS=500&connectTimeoutMS=500&socketTimeoutMS=1000";
}

void OwnMongo::start() {
    address_ = run("start");
}

std::string OwnMongo::run(const std::string& command) const {
    return output_of("tests/servers/mongo " + command + " '" + (dir_ / "mongo") + "'" +
                     (command == "start" ? " --until-exit-of " + std::to_string(::getpid()) : ""));
}

}  // namespace nearline::test
