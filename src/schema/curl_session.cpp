#include "schema/curl_session.hpp"

#include <algorithm>
#include <array>
#include <curl/curl.h>

namespace nearline::schema {
namespace {

constexpr std::size_t max_answer = std::size_t{16} << 20;
constexpr std::size_t max_idle = 16;

struct UrlDeleter {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};

struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// Only once in a process, and before threads use libcurl.
void init_curl() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) throw std::runtime_error(std::string("libcurl does not start: ") + curl_easy_strerror(code));
}

std::string url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
    std::string copy(text);
    curl_free(text);
    return copy;
}

/// The URL without a slash at its end; throws where a base URL can't be like this.
std::string checked_url(const std::string& text) {
    const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
    const auto code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
    const auto bad = [&](const std::string& why) {
        return std::invalid_argument("'" + text + "' is no URL of a schema registry: " + why +
                                     " (as in http://registry:8081 or https://registry/apis/ccompat/v7)");
    };
    if (code != CURLUE_OK) throw bad(curl_url_strerror(code));
    const auto scheme = url_part(url.get(), CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") throw bad("it must begin with http:// or https://");
    if (!url_part(url.get(), CURLUPART_USER).empty() || !url_part(url.get(), CURLUPART_PASSWORD).empty()) {
        // Not repeated in the message: it would be in the log.
        throw std::invalid_argument(
            "the schema registry's URL holds a user or password; give them as settings of their own");
    }
    if (!url_part(url.get(), CURLUPART_QUERY).empty() || !url_part(url.get(), CURLUPART_FRAGMENT).empty()) {
        throw bad("it can have no query and no fragment");
    }
    auto checked = text;
    while (checked.ends_with('/')) checked.pop_back();
    return checked;
}

std::size_t append_body(char* data, std::size_t, std::size_t size, void* target) {
    auto& body = *static_cast<std::string*>(target);
    if (body.size() + size > max_answer) return 0;  // ends the transfer
    body.append(data, size);
    return size;
}

}  // namespace

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += digits[byte >> 4];
            encoded += digits[byte & 0xF];
        }
    }
    return encoded;
}

/// One easy handle, which keeps its connection.
struct CurlSessions::Session {
    CURL* handle = curl_easy_init();
    std::array<char, CURL_ERROR_SIZE> error{};

    Session() {
        if (handle == nullptr) throw std::runtime_error("libcurl gives no handle");
    }
    ~Session() { curl_easy_cleanup(handle); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void configure(const RegistryClientOptions& options) {
        const auto milliseconds = static_cast<long>(options.timeout.count());
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // time-outs without SIGALRM: there are threads
        curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error.data());
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds);
        curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
        curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(handle, CURLOPT_USERAGENT, "nearline");
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, append_body);
        if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
        if (!options.user.empty() || !options.password.empty()) {
            curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
            curl_easy_setopt(handle, CURLOPT_USERNAME, options.user.c_str());
            curl_easy_setopt(handle, CURLOPT_PASSWORD, options.password.c_str());
        }
    }
};

CurlSessions::CurlSessions(const RegistryClientOptions& options) : options_(options) {
    init_curl();
    options_.url = checked_url(options.url);
    name_ = "the schema registry at " + options_.url;
}
CurlSessions::~CurlSessions() = default;

std::unique_ptr<CurlSessions::Session> CurlSessions::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto session = std::move(idle_.back());
            idle_.pop_back();
            return session;
        }
    }
    auto session = std::make_unique<Session>();
    session->configure(options_);
    return session;
}

void CurlSessions::give_back(std::unique_ptr<Session> session) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < max_idle) idle_.push_back(std::move(session));
}

HttpAnswer CurlSessions::send(const std::string& path, const std::string& body) {
    auto session = take();
    HttpAnswer answer;
    auto* handle = session->handle;
    const auto url = options_.url + path;
    std::unique_ptr<curl_slist, ListDeleter> headers(
        curl_slist_append(nullptr, "Accept: application/vnd.schemaregistry.v1+json, application/json"));
    curl_slist_append(headers.get(), "Content-Type: application/vnd.schemaregistry.v1+json");
    curl_slist_append(headers.get(), "Expect:");
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer.body);
    if (body.empty()) {
        curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    } else {
        curl_easy_setopt(handle, CURLOPT_POST, 1L);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
    }
    session->error.front() = '\0';
    const auto code = curl_easy_perform(handle);
    if (code != CURLE_OK) {
        const std::string detail = session->error.front() != '\0' ? session->error.data() : curl_easy_strerror(code);
        throw TransportError(detail);  // and the handle ends with its connection
    }
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, nullptr);
    give_back(std::move(session));
    return answer;
}

}  // namespace nearline::schema
