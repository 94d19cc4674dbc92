#pragma once

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <sodium.h>
#include <string>
#include <utility>

#include "auth/service.hpp"
#include "auth/user_admin.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "support/user_stores.hpp"
#include "token/jwt.hpp"

namespace nearline::test {

inline std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}

inline std::string basic(const std::string& name, const std::string& password) {
    const std::string text = name + ":" + password;
    std::string encoded(sodium_base64_encoded_len(text.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(encoded.data(), encoded.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    encoded.pop_back();  // the NUL
    return "Basic " + encoded;
}

/// auth-svc on a free port, and a client of it.
class AuthServer {
public:
    AuthServer(std::unique_ptr<auth::UserStore> store, const auth::ServiceOptions& options)
        : store_(std::move(store)), service_(options, *store_, jwt_, metrics_, health_) {
        service_.start();
        loop_.start();
        server_ =
            std::make_unique<http::Server>(loop_, http::ServerOptions{.service = "auth"}, service_.routes(), metrics_);
        server_->start();
        client_ = std::make_unique<http::BlockingClient>(server_->url());
    }

    http::Response send(const std::string& method, const std::string& target, http::Headers headers = {},
                        std::string body = {}) {
        return ask(*client_, method, target, std::move(headers), std::move(body));
    }
    static http::Response ask(http::BlockingClient& client, const std::string& method, const std::string& target,
                              http::Headers headers = {}, std::string body = {}) {
        http::ClientRequest request(method, target, std::move(headers), std::move(body));
        request.timeout = std::chrono::seconds(30);
        return client.send(request);
    }
    http::Response login(const std::string& name, const std::string& password) {
        return send("POST", "/login", {{"Authorization", basic(name, password)}});
    }
    http::Response with_token(const std::string& token, const std::string& method, const std::string& target,
                              std::string body = {}) {
        http::Headers headers{{"Authorization", "Bearer " + token}};
        if (!body.empty()) headers.add("Content-Type", "application/json");
        return send(method, target, std::move(headers), std::move(body));
    }
    http::Response validate(const std::string& token) { return with_token(token, "POST", "/validate"); }

    std::string url() const { return server_->url(); }
    auth::UserStore& store() { return *store_; }
    const token::Jwt& jwt() const { return jwt_; }
    Health& health() { return health_; }
    Metrics& metrics() { return metrics_; }

private:
    Metrics metrics_;
    Health health_{metrics_};
    token::Jwt jwt_{"0123456789abcdef0123456789abcdef"};
    http::EventLoop loop_{"auth"};
    std::unique_ptr<auth::UserStore> store_;
    auth::Service service_;
    std::unique_ptr<http::Server> server_;
    std::unique_ptr<http::BlockingClient> client_;
};

/// Tests of auth-svc on every store, with the administrator root@example.com and the user ann@example.com.
class AuthTest : public ::testing::TestWithParam<UserStoreKind> {
protected:
    static constexpr auto root_name = "root@example.com";
    static constexpr auto ann_name = "ann@example.com";
    static constexpr auto password = "admin123";

    // Users are from before, so that their tokens may be made at once.
    static constexpr std::int64_t long_ago = 1'600'000'000;

    void serve(const auth::ServiceOptions& options = {}) {
        auto store = place_->open();
        store->prepare();
        const auto add = [&](const char* name, bool admin) {
            return auth::add_user(*store, {name, password, admin}, long_ago).value();
        };
        root_ = add(root_name, true);
        ann_ = add(ann_name, false);
        server_ = std::make_unique<AuthServer>(std::move(store), options);
    }

    std::string token_of(const std::string& name) {
        const http::Response response = server_->login(name, password);
        EXPECT_EQ(200, response.status) << response.body;
        return response.body;
    }

    /// Checks that it is a problem of this status, and gives it.
    static boost::json::object problem(const http::Response& response, int status) {
        EXPECT_EQ(status, response.status) << response.body;
        EXPECT_EQ("application/problem+json", response.headers.find("Content-Type").value_or(""));
        boost::json::object body = boost::json::parse(response.body).as_object();
        EXPECT_EQ(status, body.at("status").as_int64());
        EXPECT_FALSE(body.at("title").as_string().empty());
        EXPECT_FALSE(body.at("detail").as_string().empty());
        EXPECT_EQ(response.headers.find("X-Request-Id").value_or("none"), body.at("request_id").as_string());
        return body;
    }

    std::unique_ptr<UserStorePlace> place_ = GetParam().make();
    User root_{};
    User ann_{};
    std::unique_ptr<AuthServer> server_;
};

}  // namespace nearline::test
