#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <curl/curl.h>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "domain/user.hpp"
#include "notification/mailer.hpp"

namespace nearline::notification {
namespace {

struct EasyDeleter {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct ListDeleter {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// Only once in a process.
void init_curl() {
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) throw std::runtime_error(std::string("libcurl does not start: ") + curl_easy_strerror(code));
}

/// What was said so far about one mail. Who is to blame for a failure depends on how far it came, and
/// libcurl's codes don't say.
struct Dialogue {
    enum class Stage {
        before,     ///< connecting, TLS, greetings, log in
        sender,     ///< MAIL was said
        recipient,  ///< RCPT, or DATA
        handed_out  ///< the server may have all of the mail
    };
    Stage stage = Stage::before;
    std::string_view unsent{};
    int code = 0;         ///< the last one that the server said
    std::string words{};  ///< the last reply, its lines one after the other

    void command(std::string_view line) {
        if (line.starts_with("MAIL FROM")) stage = Stage::sender;
        if (line.starts_with("RCPT TO")) stage = Stage::recipient;
        is_farewell_ = line.starts_with("QUIT");
    }
    /// "550-5.1.1 No such user", "550 5.1.1 here": "550 5.1.1 No such user here"
    void reply_line(std::string_view line) {
        // After a failure libcurl says QUIT: what is said to that is not why.
        if (is_farewell_) return;
        if (is_reply_complete_) words.clear();
        const bool is_first = is_reply_complete_;
        if (line.size() >= 3) code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
        is_reply_complete_ = line.size() < 4 || line[3] != '-';
        // Every line has the code in front, and most servers repeat what RFC 3463 adds to it.
        std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
        const std::string_view enhanced = enhanced_code(text);
        if (is_first) {
            words = line.substr(0, 3);
            enhanced_ = enhanced;
        } else if (enhanced == enhanced_) {
            text.remove_prefix(enhanced.size());
        }
        words = plain_words(words + ' ' + std::string(text));
    }

private:
    /// "5.1.1" at the beginning, or nothing.
    static std::string_view enhanced_code(std::string_view text) {
        const std::string_view word = text.substr(0, text.find_first_of(" \r\n"));
        const bool is_code = std::count(word.begin(), word.end(), '.') == 2 &&
                             word.find_first_not_of("0123456789.") == std::string_view::npos;
        return is_code ? word : std::string_view();
    }

    std::string enhanced_{};
    bool is_reply_complete_ = true;
    bool is_farewell_ = false;
};

std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* target) {
    auto& dialogue = *static_cast<Dialogue*>(target);
    const std::string_view piece = dialogue.unsent.substr(0, size * count);
    std::memcpy(buffer, piece.data(), piece.size());
    dialogue.unsent.remove_prefix(piece.size());
    if (dialogue.unsent.empty()) dialogue.stage = Dialogue::Stage::handed_out;
    return piece.size();
}

/// libcurl gives each line of a reply as it gives headers.
std::size_t on_reply(char* data, std::size_t, std::size_t size, void* target) {
    static_cast<Dialogue*>(target)->reply_line({data, size});
    return size;
}

int on_debug(CURL*, curl_infotype type, char* data, std::size_t size, void* target) {
    if (type == CURLINFO_HEADER_OUT) static_cast<Dialogue*>(target)->command({data, size});
    return 0;
}

int on_progress(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<const std::atomic<bool>*>(target) ? 1 : 0;
}

class SmtpMailer final : public Mailer {
public:
    explicit SmtpMailer(SmtpOptions options) : options_(std::move(options)) {
        init_curl();
        handle_.reset(curl_easy_init());
        if (!handle_) throw std::runtime_error("libcurl gives no handle");
        configure();
    }

    std::string dependency() const override { return "smtp"; }

    Sent send(const Message& message) override {
        // libcurl 7.88 sends what is in a recipient as it is, line ends included.
        if (!is_email_address(message.to) || !is_email_address(message.from)) {
            return {Sent::Outcome::permanent, "is no e-mail address"};
        }
        dialogue_ = {};
        dialogue_.unsent = message.bytes;
        const CURLcode code = perform(message);
        dialogue_.unsent = {};
        if (code == CURLE_OK) return {};
        const std::string detail = error_.front() != '\0' ? error_.data() : curl_easy_strerror(code);
        return judge(detail + hint(code));
    }

    void cancel() noexcept override { is_cancelled_ = true; }

private:
    template <class Value>
    void set(CURLoption option, Value value) {
        if (const auto code = curl_easy_setopt(handle_.get(), option, value); code != CURLE_OK) {
            throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(code));
        }
    }

    void configure() {
        const bool has_user = !options_.user.empty();
        const std::string port = options_.port > 0 ? ':' + std::to_string(options_.port) : "";
        set(CURLOPT_URL, ((options_.tls ? "smtps://" : "smtp://") + options_.host + port).c_str());
        set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        set(CURLOPT_NOSIGNAL, 1L);  // time-outs without SIGALRM: there are threads
        set(CURLOPT_ERRORBUFFER, error_.data());
        const auto milliseconds = static_cast<long>(options_.timeout.count());
        set(CURLOPT_TIMEOUT_MS, milliseconds);
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
        // Also of the farewell, when the handle ends.
        set(CURLOPT_SERVER_RESPONSE_TIMEOUT, std::max(1L, milliseconds / 1'000));
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_UPLOAD, 1L);
        // The handle speaks until it ends, so all of it is a member's, not a mail's.
        set(CURLOPT_READDATA, &dialogue_);
        set(CURLOPT_HEADERDATA, &dialogue_);
        set(CURLOPT_DEBUGDATA, &dialogue_);
        set(CURLOPT_XFERINFODATA, &is_cancelled_);
        set(CURLOPT_READFUNCTION, on_read);
        set(CURLOPT_HEADERFUNCTION, on_reply);
        set(CURLOPT_DEBUGFUNCTION, on_debug);
        set(CURLOPT_VERBOSE, 1L);
        set(CURLOPT_XFERINFOFUNCTION, on_progress);
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_USE_SSL, static_cast<long>(has_user ? CURLUSESSL_ALL : CURLUSESSL_TRY));
        const bool is_verified = has_user || options_.tls || !options_.ca_file.empty();
        set(CURLOPT_SSL_VERIFYPEER, is_verified ? 1L : 0L);
        set(CURLOPT_SSL_VERIFYHOST, is_verified ? 2L : 0L);
        if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
        if (has_user) {
            set(CURLOPT_USERNAME, options_.user.c_str());
            set(CURLOPT_PASSWORD, options_.password.c_str());
        }
    }

    CURLcode perform(const Message& message) {
        const std::unique_ptr<curl_slist, ListDeleter> recipients(
            curl_slist_append(nullptr, ('<' + message.to + '>').c_str()));
        set(CURLOPT_MAIL_FROM, ('<' + message.from + '>').c_str());
        set(CURLOPT_MAIL_RCPT, recipients.get());
        set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(message.bytes.size()));
        error_.front() = '\0';
        const CURLcode code = curl_easy_perform(handle_.get());
        set(CURLOPT_MAIL_RCPT, static_cast<curl_slist*>(nullptr));
        return code;
    }

    Sent judge(const std::string& detail) const {
        using Stage = Dialogue::Stage;
        const bool refused = dialogue_.code >= 500 && dialogue_.code < 600;
        const bool put_off = dialogue_.code >= 400 && dialogue_.code < 500;
        const std::string said = dialogue_.words;
        const auto server = options_.host + ":" + std::to_string(options_.port);
        const std::string happened = plain_words(server + ": " + detail);
        if (is_cancelled_)
            return {dialogue_.stage == Stage::handed_out ? Sent::Outcome::unknown : Sent::Outcome::away,
                    "stopped while it was sent"};
        switch (dialogue_.stage) {
            case Stage::before:
                break;
            case Stage::sender:
                // Of all that can be wrong here, only the size is this mail's own.
                if (dialogue_.code == 552) return {Sent::Outcome::permanent, said};
                break;
            case Stage::recipient:
                if (refused) return {Sent::Outcome::permanent, said};
                return {Sent::Outcome::temporary, put_off ? said : happened};
            case Stage::handed_out:
                if (refused) return {Sent::Outcome::permanent, said};
                if (put_off) return {Sent::Outcome::temporary, said};
                return {Sent::Outcome::unknown, happened};
        }
        return {Sent::Outcome::away,
                refused || put_off ? plain_words(server + " said: " + said + hint_of_login()) : happened};
    }

    std::string hint_of_login() const {
        const bool is_login = dialogue_.code == 530 || dialogue_.code == 534 || dialogue_.code == 535;
        return is_login ? " (the user is --mail's, the password SMTP_PASSWORD)" : "";
    }
    static std::string hint(CURLcode code) {
        return code == CURLE_PEER_FAILED_VERIFICATION ? " (--mail-ca FILE names certificates to trust)" : "";
    }

    const SmtpOptions options_;
    std::atomic<bool> is_cancelled_ = false;
    std::array<char, CURL_ERROR_SIZE> error_{};
    Dialogue dialogue_;
    std::unique_ptr<CURL, EasyDeleter> handle_;  // last: it may still write to what is above
};

}  // namespace

std::unique_ptr<Mailer> make_smtp_mailer(const SmtpOptions& options) {
    return std::make_unique<SmtpMailer>(options);
}

}  // namespace nearline::notification
