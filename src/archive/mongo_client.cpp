#include "archive/mongo_client.hpp"

#include <stdexcept>
#include <string_view>

#include "archive/mongo.hpp"
#include "archive/mongo_library.hpp"
#include "domain/problem.hpp"
#include "runtime/log.hpp"

namespace nearline::archive {
namespace {

using UriPtr = std::unique_ptr<mongoc_uri_t, Destroy<mongoc_uri_destroy>>;

constexpr const char* default_database = "nearline";
constexpr int write_concern_timeout_ms = 10'000;

UriPtr parse(const std::string& url) {
    begin_mongo_library();
    bson_error_t error{};
    const MongoWarnings warnings;
    UriPtr uri(mongoc_uri_new_with_error(url.c_str(), &error));
    if (!uri) throw std::invalid_argument(error.message);
    // It passes over options that it does not know: tsl=true would go on in plain text.
    if (!warnings.all().empty()) throw std::invalid_argument(warnings.all().front());
    return uri;
}

bool needs_password(const mongoc_uri_t* uri) {
    const char* const mechanism = mongoc_uri_get_auth_mechanism(uri);
    return mechanism == nullptr ||
           (std::string_view(mechanism) != "MONGODB-X509" && std::string_view(mechanism) != "GSSAPI");
}

void set_unless_said(mongoc_uri_t* uri, const char* option, int value) {
    if (!mongoc_uri_has_option(uri, option)) mongoc_uri_set_option_as_int32(uri, option, value);
}

/// What the URL says of journal and wtimeoutMS holds for the majority, too.
void want_majority_unless_said(mongoc_uri_t* uri) {
    if (mongoc_uri_has_option(uri, MONGOC_URI_W)) return;
    const std::unique_ptr<mongoc_write_concern_t, Destroy<mongoc_write_concern_destroy>> concern(
        mongoc_write_concern_copy(mongoc_uri_get_write_concern(uri)));
    mongoc_write_concern_set_w(concern.get(), MONGOC_WRITE_CONCERN_W_MAJORITY);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_WTIMEOUTMS))
        mongoc_write_concern_set_wtimeout_int64(concern.get(), write_concern_timeout_ms);
    mongoc_uri_set_write_concern(uri, concern.get());
}

std::string hosts_of(const mongoc_uri_t* uri) {
    std::string text;
    for (const auto* host = mongoc_uri_get_hosts(uri); host != nullptr; host = host->next) {
        text += (text.empty() ? "" : ",") + std::string(host->host_and_port);
    }
    return text.empty() ? "?" : text;
}

}  // namespace

std::string check_mongo_url(const std::string& url) {
    try {
        const auto uri = parse(url);
        if (mongoc_uri_get_password(uri.get()) != nullptr)
            return "must not have a password: everyone who sees the process sees it; set MONGODB_PASSWORD";
        if (!mongoc_write_concern_is_acknowledged(mongoc_uri_get_write_concern(uri.get())))
            return "w=0 asks for no acknowledgement: offsets would be committed behind writes that nobody has seen";
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

std::string check_mongo_password(const std::string& url, bool has_password) {
    const auto uri = parse(url);
    const bool has_user = mongoc_uri_get_username(uri.get()) != nullptr;
    if (has_password && !has_user) return "is given, but --archive names no user: mongodb://user@host:27017/database";
    if (has_user && !has_password && needs_password(uri.get())) return "is missing, the password of --archive's user";
    return "";
}

MongoPool::MongoPool(const Options& options, const Timeouts& timeouts) {
    const auto uri = parse(options.url);
    if (!options.password.empty()) mongoc_uri_set_password(uri.get(), options.password.c_str());
    set_unless_said(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, timeouts.server_selection_ms);
    set_unless_said(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, timeouts.connect_ms);
    set_unless_said(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, timeouts.socket_ms);
    want_majority_unless_said(uri.get());
    name_ = "MongoDB at " + hosts_of(uri.get());
    const char* database = mongoc_uri_get_database(uri.get());
    database_ = database != nullptr ? database : default_database;
    bson_error_t error{};
    pool_ = mongoc_client_pool_new_with_error(uri.get(), &error);
    if (pool_ == nullptr) throw std::invalid_argument(std::string("can't be used: ") + error.message);
    mongoc_client_pool_set_error_api(pool_, MONGOC_ERROR_API_VERSION_2);
    mongoc_client_pool_set_appname(pool_, "nearline");
}

MongoPool::~MongoPool() {
    mongoc_client_pool_destroy(pool_);
}

void MongoPool::unavailable(const bson_error_t& error) const {
    throw Unavailable(name_ + ": " + error.message);
}

}  // namespace nearline::archive
