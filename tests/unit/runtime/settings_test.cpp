#include "runtime/settings.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

using nearline::Settings;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

namespace {

struct Options {
    std::string stream = "embedded:./data";
    std::optional<std::string> auth_url;
    int partitions = 12;
    std::size_t pending = 100;
    double tolerance = 0.5;
    milliseconds drain_time{10'000};
    std::size_t max_body = 1 << 20;
    bool open_registration = false;
    std::vector<std::string> trusted_proxies;
    std::optional<std::string> jwt_secret;
    std::vector<std::string> names;
};

class SettingsTest : public testing::Test {
protected:
    SettingsTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "settings.XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        settings_.group("Topics");
        settings_.add("--stream", "TEST_STREAM", options_.stream, "where the topics are");
        settings_.add("--partitions", "TEST_PARTITIONS", options_.partitions, "partitions of topics it creates",
                      {1, 1000});
        settings_.add("--pending", "TEST_PENDING", options_.pending, "callers", {1, 1000});
        settings_.group("HTTP");
        settings_.add("--auth-url URL", "TEST_AUTH_URL", options_.auth_url, "asks this auth-svc too",
                      [](const auto& url) { return url.starts_with("http://") ? "" : "must begin with http://"; });
        settings_.add("--tolerance", "TEST_TOLERANCE", options_.tolerance, "a fraction", {0, 1});
        settings_.add("--drain-time", "TEST_DRAIN_TIME", options_.drain_time, "for pending requests", {0, 60'000});
        settings_.add_size("--max-body", "TEST_MAX_BODY", options_.max_body, "of a request", {1024, 1 << 24});
        settings_.add("-o,--open-registration", "TEST_OPEN", options_.open_registration, "lets anyone register");
        settings_.add(
            "--trusted-proxies", "TEST_PROXIES", options_.trusted_proxies, "addresses",
            [](const auto& address) { return address.find(' ') == std::string::npos ? "" : "must be an address"; });
        settings_.secret("TEST_SECRET", options_.jwt_secret, "signs the tokens",
                         [](const auto& value) { return value.size() < 8 ? "must have 8 bytes at least" : ""; });
    }
    ~SettingsTest() override {
        for (const auto& name : environment_) unsetenv(name.c_str());
        std::filesystem::remove_all(folder_);
    }

    void set(const std::string& name, const std::string& value) {
        environment_.push_back(name);
        setenv(name.c_str(), value.c_str(), 1);
    }
    std::string file(const std::string& name, const std::string& text) {
        const auto path = folder_ / name;
        std::ofstream(path) << text;
        return path.string();
    }
    std::optional<int> load(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "test-svc");
        testing::internal::CaptureStderr();
        testing::internal::CaptureStdout();
        const auto code = settings_.load(static_cast<int>(arguments.size()), arguments.data());
        out_ = testing::internal::GetCapturedStdout();
        errors_ = testing::internal::GetCapturedStderr();
        return code;
    }
    void expect_fine(std::vector<const char*> arguments) {
        EXPECT_EQ(load(std::move(arguments)), std::nullopt) << errors_;
        EXPECT_EQ(errors_, "");
    }
    void expect_error(std::vector<const char*> arguments, const std::string& error) {
        EXPECT_EQ(load(std::move(arguments)), 2);
        EXPECT_THAT(errors_, HasSubstr("\n  " + error + "\n"));
    }

    Settings settings_{"test-svc", "Tests settings."};
    Options options_;
    std::filesystem::path folder_;
    std::vector<std::string> environment_;
    std::string out_;
    std::string errors_;
};

}  // namespace

TEST_F(SettingsTest, KeepsDefaultsWhereNothingIsGiven) {
    expect_fine({});
    EXPECT_EQ(options_.partitions, 12);
    EXPECT_EQ(settings_.source("--partitions"), Settings::Source::none);
}

TEST_F(SettingsTest, TakesFlagsOfEveryKind) {
    expect_fine({"--stream", "kafka://a:9092,b:9092", "--partitions=3", "--pending", "7", "--auth-url", "http://auth",
                 "--tolerance", "0.25", "--drain-time", "1m", "--max-body=64KiB", "--open-registration",
                 "--trusted-proxies", "10.0.0.1, 10.0.0.2", "--trusted-proxies=10.0.0.3"});
    EXPECT_EQ(options_.stream, "kafka://a:9092,b:9092");
    EXPECT_EQ(options_.partitions, 3);
    EXPECT_EQ(options_.pending, 7U);
    EXPECT_EQ(options_.auth_url, "http://auth");
    EXPECT_EQ(options_.tolerance, 0.25);
    EXPECT_EQ(options_.drain_time, milliseconds(60'000));
    EXPECT_EQ(options_.max_body, 65'536U);
    EXPECT_TRUE(options_.open_registration);
    EXPECT_THAT(options_.trusted_proxies, ElementsAre("10.0.0.1", "10.0.0.2", "10.0.0.3"));
    EXPECT_EQ(settings_.source("--partitions"), Settings::Source::command_line);
}

TEST_F(SettingsTest, FlagsGoBeforeEnvironmentBeforeFileBeforeDefault) {
    const auto path = file("a.toml", "partitions = 4\ntolerance = 0.75\nstream = \"file\"\n");
    set("TEST_PARTITIONS", "5");
    set("TEST_STREAM", "environment");
    expect_fine({"--config", path.c_str(), "--stream=flag"});
    EXPECT_EQ(options_.stream, "flag");
    EXPECT_EQ(options_.partitions, 5);
    EXPECT_EQ(options_.tolerance, 0.75);
    EXPECT_EQ(options_.drain_time, milliseconds(10'000));
    using Source = Settings::Source;
    EXPECT_EQ(settings_.source("--stream"), Source::command_line);
    EXPECT_EQ(settings_.source("--partitions"), Source::environment);
    EXPECT_EQ(settings_.source("--tolerance"), Source::file);
    EXPECT_EQ(settings_.source("--drain-time"), Source::none);
    EXPECT_LT(Source::environment, Source::command_line) << "who is nearer by wins";
}

TEST_F(SettingsTest, ReadsEveryKindFromTheFile) {
    const auto path = file("a.toml",
                           "# as TOML has them\nstream = 'kafka://b'\npartitions = 1_000\ntolerance = 1\n"
                           "drain-time = '500ms'\nmax-body = 2048\nopen-registration = true\n"
                           "trusted-proxies = [\n  '10.0.0.1',  # one\n  '10.0.0.2',\n]\n");
    set("NEARLINE_CONFIG", path);
    expect_fine({});
    EXPECT_EQ(options_.partitions, 1000);
    EXPECT_EQ(options_.tolerance, 1.0);
    EXPECT_EQ(options_.drain_time, milliseconds(500));
    EXPECT_EQ(options_.max_body, 2048U);
    EXPECT_TRUE(options_.open_registration);
    EXPECT_THAT(options_.trusted_proxies, ElementsAre("10.0.0.1", "10.0.0.2"));
}

TEST_F(SettingsTest, AnEmptyVariableIsNone) {
    set("TEST_PARTITIONS", "");
    set("TEST_SECRET", "");
    expect_fine({});
    EXPECT_EQ(options_.partitions, 12);
    EXPECT_EQ(options_.jwt_secret, std::nullopt);
}

TEST_F(SettingsTest, ASwitchCanBeTakenBack) {
    set("TEST_OPEN", "true");
    expect_fine({"--open-registration=false"});
    EXPECT_FALSE(options_.open_registration);
}

TEST_F(SettingsTest, HasShortFlagsAndArguments) {
    settings_.positional("NAME...", options_.names, "whom to add", 1, 3);
    expect_fine({"-o", "a", "-", "--", "--b"});
    EXPECT_TRUE(options_.open_registration);
    EXPECT_THAT(options_.names, ElementsAre("a", "-", "--b"));
}

TEST_F(SettingsTest, CountsArguments) {
    expect_error({"stray"}, "\"stray\": is one argument too many");
    settings_.positional("NAME", options_.names, "whom to add", 1, 1);
    expect_error({}, "NAME: is missing");
    expect_error({"a", "b"}, "\"b\": is one argument too many");
}

TEST_F(SettingsTest, ReportsAllErrorsTogetherWithWhereTheyCameFrom) {
    const auto path = file("bad.toml", "tolerance = 2\n\npartition = 3\n[http]\nport = 1\n");
    set("TEST_PARTITIONS", "many");
    set("TEST_SECRET", "short");
    settings_.check([] { return std::vector<std::string>{"this and that don't go together"}; });
    EXPECT_EQ(load({"--config", path.c_str(), "--drain-tme=5s", "--max-body", "12 feet", "--drain-time", "2h"}), 2);
    EXPECT_THAT(errors_, HasSubstr("test-svc: 9 errors in the configuration:\n"));
    for (const std::string error :
         {"--drain-tme: there is no such flag; did you mean --drain-time?",
          "--max-body \"12 feet\": must be a size such as 65536, 64KiB or 16MiB (command line)",
          "--drain-time \"2h\": must be between 0s and 1m (command line)",
          "--partitions \"many\": must be a whole number (environment variable TEST_PARTITIONS)",
          "this and that don't go together"}) {
        EXPECT_THAT(errors_, HasSubstr("\n  " + error + "\n"));
    }
    EXPECT_THAT(errors_, HasSubstr("--tolerance \"2\": must be between 0 and 1 (" + path + ":1)"));
    EXPECT_THAT(errors_, HasSubstr("partition: there is no such setting; did you mean partitions? (" + path + ":3)"));
    EXPECT_THAT(errors_, HasSubstr("TEST_SECRET: must have 8 bytes at least (environment variable TEST_SECRET)"));
}

TEST_F(SettingsTest, AnUnknownFlagAndItsValueAreOneError) {
    expect_error({"--partitons", "3"}, "--partitons: there is no such flag; did you mean --partitions?");
    EXPECT_THAT(errors_, HasSubstr("test-svc: 1 error in"));
}

TEST_F(SettingsTest, NamesSectionsAsAnError) {
    const auto path = file("a.toml", "[http]\nport = 1\n");
    expect_error({"--config", path.c_str()},
                 "http: settings have no sections: write every setting at the top level (" + path + ":1)");
}

TEST_F(SettingsTest, SaysWhereAFileIsNoToml) {
    const auto path = file("a.toml", "partitions = 3\nstream = \n");
    EXPECT_EQ(load({"--config", path.c_str()}), 2);
    EXPECT_THAT(errors_, HasSubstr(path + ":2: "));
    expect_error({"--config", "/nowhere/a.toml"}, "/nowhere/a.toml: there is no such file");
    expect_error({"--config", folder_.c_str()}, folder_.string() + ": there is no such file");
    expect_error({"--config"}, "--config: needs the path of a file");
}

TEST_F(SettingsTest, ChecksValues) {
    expect_error({"--auth-url", "ftp://x"}, "--auth-url \"ftp://x\": must begin with http:// (command line)");
    expect_error({"--trusted-proxies", "10.0.0.1,a b"},
                 "--trusted-proxies \"10.0.0.1,a b\": \"a b\" must be an address (command line)");
    expect_error({"--partitions", "0"}, "--partitions \"0\": must be between 1 and 1000 (command line)");
    expect_error({"--pending", "-1"}, "--pending \"-1\": must be between 1 and 1000 (command line)");
    expect_error({"--partitions", "3.5"}, "--partitions \"3.5\": must be a whole number (command line)");
    expect_error({"--tolerance", "nan"}, "--tolerance \"nan\": must be a number (command line)");
    expect_error({"--open-registration=maybe"}, "--open-registration \"maybe\": must be true or false (command line)");
    expect_error({"--partitions", "--stream", "x"}, "--partitions: needs a value (N)");
    EXPECT_EQ(options_.partitions, 12);
}

TEST_F(SettingsTest, TakesSecretsFromTheEnvironmentOrAFile) {
    set("TEST_SECRET", "0123456789");
    expect_fine({});
    EXPECT_EQ(options_.jwt_secret, "0123456789");
    unsetenv("TEST_SECRET");
    set("TEST_SECRET_FILE", file("secret", " 9876543210 \n"));
    expect_fine({});
    EXPECT_EQ(options_.jwt_secret, " 9876543210 ");
}

TEST_F(SettingsTest, RefusesSecretsItCannotUse) {
    set("TEST_SECRET", "topsecret");
    set("TEST_SECRET_FILE", file("secret", "x"));
    expect_error({}, "TEST_SECRET: is set, and so is TEST_SECRET_FILE: set one of them");
    unsetenv("TEST_SECRET");
    EXPECT_EQ(load({}), 2);
    EXPECT_THAT(errors_, HasSubstr("TEST_SECRET: must have 8 bytes at least (file "));
    set("TEST_SECRET_FILE", "/nowhere/secret");
    expect_error({}, "TEST_SECRET_FILE: /nowhere/secret can't be read");
    set("TEST_SECRET_FILE", file("empty", ""));
    EXPECT_EQ(load({}), 2);
    EXPECT_THAT(errors_, HasSubstr(" is empty\n"));
}

TEST_F(SettingsTest, DoesNotTakeSecretsAsFlagsAndNeverShowsThem) {
    expect_error(
        {"--test-secret=tell-nobody"},
        "--test-secret: secrets are not taken from the command line, where every user of the machine sees them; "
        "set TEST_SECRET or TEST_SECRET_FILE in the environment");
    EXPECT_THAT(errors_, Not(HasSubstr("tell-nobody")));
    set("TEST_SECRET", "hush");
    EXPECT_EQ(load({}), 2);
    EXPECT_THAT(errors_, Not(HasSubstr("hush")));
}

TEST_F(SettingsTest, HelpTellsOfEverySetting) {
    EXPECT_EQ(load({"--partitions=x", "--help"}), 0);
    EXPECT_EQ(errors_, "");
    for (const std::string text : {"Usage: test-svc [OPTION...]\n\nTests settings.\n", "\nTopics:\n", "\nHTTP:\n",
                                   "--partitions N", "--auth-url URL", "[default: 12; env: TEST_PARTITIONS]",
                                   "[default: 10s; env: TEST_DRAIN_TIME]", "[default: 1MiB; env: TEST_MAX_BODY]",
                                   "-o, --open-registration", "TEST_SECRET", "--config FILE", "NEARLINE_CONFIG"}) {
        EXPECT_THAT(out_, HasSubstr(text));
    }
    std::istringstream lines(out_);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST_F(SettingsTest, TellsItsVersion) {
    EXPECT_EQ(load({"--version"}), 0);
    EXPECT_THAT(out_, testing::MatchesRegex("test-svc [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}
