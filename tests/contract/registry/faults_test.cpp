// What the REST client makes of registries that are away, slow, wrong or closed.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "schema/registry.hpp"
#include "support/command.hpp"
#include "support/registries.hpp"

namespace nearline::schema {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using testing::HasSubstr;

/// Gives every connection the same bytes once it has sent something, or nothing at all.
class CannedServer {
public:
    explicit CannedServer(std::string answer) : answer_(std::move(answer)), thread_([this] { run(); }) {}
    ~CannedServer() {
        stopping_ = true;
        boost::system::error_code ignored;
        tcp::socket wake(context_);
        wake.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    CannedServer(const CannedServer&) = delete;
    CannedServer& operator=(const CannedServer&) = delete;

    std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
    /// The head of the last request.
    std::string request() const {
        const std::lock_guard lock(mutex_);
        return request_;
    }

private:
    void run() {
        std::vector<tcp::socket> kept;
        while (!stopping_) {
            tcp::socket socket(context_);
            boost::system::error_code error;
            acceptor_.accept(socket, error);
            if (error || stopping_) return;
            if (answer_.empty()) {
                kept.push_back(std::move(socket));
                continue;
            }
            std::array<char, 4096> buffer{};
            const auto size = socket.read_some(boost::asio::buffer(buffer), error);
            {
                const std::lock_guard lock(mutex_);
                request_.assign(buffer.data(), size);
            }
            boost::asio::write(socket, boost::asio::buffer(answer_), error);
        }
    }

    boost::asio::io_context context_;
    tcp::acceptor acceptor_{context_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
    const std::string answer_;
    mutable std::mutex mutex_;
    std::string request_;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

std::string answer_with(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
}

std::string why_unavailable(Registry& registry) {
    try {
        registry.schema_by_id(1);
    } catch (const Unavailable& error) {
        return error.what();
    }
    return "(answered)";
}

class Faults : public testing::Test {
protected:
    Metrics metrics_;
    std::unique_ptr<Registry> client(const std::string& url, std::chrono::milliseconds timeout = 5s) {
        return make_registry_client({.url = url, .timeout = timeout}, metrics_);
    }
};

TEST_F(Faults, ARegistryThatIsAwayIsUnavailable) {
    std::string url;
    {
        const CannedServer gone("x");
        url = gone.url();
    }
    const auto registry = client(url);
    EXPECT_THAT(why_unavailable(*registry), HasSubstr("the schema registry at " + url + " does not answer"));
    EXPECT_THROW(registry->subjects_of(1), Unavailable);
    EXPECT_THROW(registry->register_schema("a", "{}"), Unavailable);
}

TEST_F(Faults, ASlowRegistryIsUnavailableInTime) {
    const CannedServer silent("");
    const auto registry = client(silent.url(), 200ms);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THAT(why_unavailable(*registry), HasSubstr("timed out"));
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 190ms);
    EXPECT_LT(took, 5s);
}

TEST_F(Faults, WhatCanPassIsUnavailable) {
    for (const auto* status :
         {"500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests", "502 Bad Gateway"}) {
        const CannedServer server(answer_with(status, R"({"error_code":50001,"message":"the store is away"})"));
        const auto registry = client(server.url());
        EXPECT_THAT(why_unavailable(*registry), HasSubstr("the store is away"));
        EXPECT_THROW(registry->register_schema("a", "{}"), Unavailable);
    }
}

/// Else a wrong URL or a proxy's error page would send every record to the dead letters.
TEST_F(Faults, OnlyTheRegistrysOwnNoIsANo) {
    const CannedServer page(answer_with("404 Not Found", "<html>no such page</html>"));
    EXPECT_THAT(why_unavailable(*client(page.url())), HasSubstr("base path"));
    const CannedServer quarkus(answer_with("404 Not Found", R"({"error_code":0,"message":"no resource"})"));
    EXPECT_THAT(why_unavailable(*client(quarkus.url())), HasSubstr("base path"));
    const CannedServer no(answer_with("404 Not Found", R"({"error_code":40403,"message":"Schema not found"})"));
    EXPECT_EQ(client(no.url())->schema_by_id(1), std::nullopt);
}

TEST_F(Faults, AnAnswerThatIsNoneIsUnavailable) {
    for (const auto* body : {"", "[]", "null", R"({"schema":7})", "<html>"}) {
        const CannedServer server(answer_with("200 OK", body));
        EXPECT_THAT(why_unavailable(*client(server.url())), HasSubstr("without a schema")) << body;
        EXPECT_THROW(client(server.url())->register_schema("a", "{}"), Unavailable) << body;
    }
    const CannedServer cut("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    EXPECT_THAT(why_unavailable(*client(cut.url())), HasSubstr("does not answer"));
    const CannedServer other("SSH-2.0-OpenSSH\r\n");
    EXPECT_THAT(why_unavailable(*client(other.url())), HasSubstr("does not answer"));
}

/// Somebody can mend the password, or the proxy, while it is waited for; of the schema it says nothing.
TEST_F(Faults, ARegistryThatIsClosedIsUnavailableAndSaysHowToGetIn) {
    for (const auto& [status, body, advice] :
         {std::array{"401 Unauthorized", R"({"error_code":401,"message":"Unauthorized"})", "REGISTRY_PASSWORD"},
          std::array{"403 Forbidden", "", "answered 403 (give the registry's user and REGISTRY_PASSWORD)"},
          std::array{"308 Permanent Redirect", "", "answered 308 (a redirect, which is not followed"}}) {
        const CannedServer server(answer_with(status, body));
        const auto registry = client(server.url());
        EXPECT_THROW(registry->register_schema("a", "{}"), Unavailable) << status;
        EXPECT_THAT(why_unavailable(*registry), HasSubstr(advice));
    }
    const CannedServer server(answer_with("422 Unprocessable Entity", R"({"error_code":42201,"message":"no schema"})"));
    EXPECT_EQ(client(server.url())->register_schema("a", "{}").error().status, 422);
}

TEST_F(Faults, SendsUserPasswordAndBasePath) {
    const CannedServer server(answer_with("200 OK", R"({"schema":"{}"})"));
    const auto registry =
        make_registry_client({.url = server.url() + "/base/v7/", .user = "me", .password = "pä:ss"}, metrics_);
    EXPECT_EQ(registry->schema_by_id(5), "{}");
    EXPECT_THAT(server.request(), HasSubstr("GET /base/v7/schemas/ids/5 HTTP/1.1\r\n"));
    EXPECT_THAT(server.request(), HasSubstr("Authorization: Basic bWU6cMOkOnNz\r\n"));
}

TEST_F(Faults, KeepsSchemasThatItHasSeen) {
    auto server = std::make_unique<CannedServer>(answer_with("200 OK", R"({"schema":"{\"title\":\"kept\"}"})"));
    const auto registry = client(server->url());
    registry->schema_by_id(3);
    server.reset();
    EXPECT_EQ(registry->schema_by_id(3), R"({"title":"kept"})");
    EXPECT_THROW(registry->schema_by_id(4), Unavailable);
}

TEST_F(Faults, CountsWhatItAsks) {
    const test::ServedRegistry server;
    const auto registry = client(server.url());
    registry->schema_by_id(1);
    registry->register_schema("a", R"({"title":"t"})").value();
    const auto text = metrics_.exposition();
    EXPECT_THAT(text, HasSubstr(R"(nearline_registry_requests_total{operation="schema",status="4xx"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(nearline_registry_requests_total{operation="register",status="2xx"} 1)"));
    EXPECT_THAT(text, HasSubstr("nearline_registry_request_seconds_count 3"));
}

TEST_F(Faults, RefusesUrlsThatAreNone) {
    for (const auto* url : {"", "registry", "ftp://registry", "http://", "file:///etc/passwd", "http://registry?x=1",
                            "http://me:secret@registry:8081", "http://reg istry"}) {
        EXPECT_THROW(client(url), std::invalid_argument) << url;
    }
    try {
        client("http://me:secret@registry:8081");
    } catch (const std::invalid_argument& error) {
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("secret")));
    }
}

/// python's TLS server with a certificate that only its own CA vouches for.
class TlsServer {
public:
    explicit TlsServer(const test::TempDir& dir) {
        test::output_of(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
            "-addext subjectAltName=IP:127.0.0.1 -keyout '" +
            (dir / "key.pem") + "' -out '" + (dir / "ca.pem") + "' 2>/dev/null");
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
        const std::string key = dir / "key.pem";
        const std::string certificate = dir / "ca.pem";
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(ends[1], STDOUT_FILENO);
            ::close(ends[0]);
            ::execlp("python3", "python3", "-c", program, certificate.c_str(), key.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ends[1]);
        FILE* const stream = ::fdopen(ends[0], "r");
        if (std::fscanf(stream, "%d", &port_) != 1) port_ = 0;
        std::fclose(stream);
    }
    ~TlsServer() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    std::string url(const std::string& host = "127.0.0.1") const {
        return "https://" + host + ":" + std::to_string(port_);
    }

private:
    static constexpr const char* program = R"(
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b'{"schema":"{}"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_): pass
server = Server(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
)";
    pid_t pid_ = 0;
    int port_ = 0;
};

TEST_F(Faults, ChecksCertificates) {
    const test::TempDir dir;
    const TlsServer server(dir);
    const auto trusting =
        make_registry_client({.url = server.url(), .ca_file = dir / "ca.pem", .timeout = 20s}, metrics_);
    EXPECT_EQ(trusting->schema_by_id(1), "{}");
    EXPECT_THAT(why_unavailable(*client(server.url(), 20s)), HasSubstr("certificate"));
    const auto other_name =
        make_registry_client({.url = server.url("localhost"), .ca_file = dir / "ca.pem", .timeout = 20s}, metrics_);
    EXPECT_THAT(why_unavailable(*other_name), HasSubstr("localhost"));
    const auto no_ca =
        make_registry_client({.url = server.url(), .ca_file = dir / "gone.pem", .timeout = 20s}, metrics_);
    EXPECT_THAT(why_unavailable(*no_ca), HasSubstr("gone.pem"));
}

}  // namespace
}  // namespace nearline::schema
