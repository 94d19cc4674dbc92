#include "app/data_folder.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "temporary_folder.hpp"

namespace nearline::app {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(DataFolder, KnowsWhereThingsLie) {
    const DataFolder folder{"/d"};
    EXPECT_EQ(folder.users(), "sqlite:/d/users.db");
    EXPECT_EQ(folder.stream(), "embedded:/d/stream");
    EXPECT_EQ(folder.secret_file(), "/d/jwt-secret");
}

TEST(Secret, IsMadeOnceForItsOwnerAlone) {
    const TemporaryFolder folder;
    const auto file = folder.path("jwt-secret");
    const auto secret = read_or_make_secret(file);
    EXPECT_THAT(secret, testing::MatchesRegex("[0-9a-f]{64}"));
    EXPECT_EQ(read_or_make_secret(file), secret);
    EXPECT_EQ(read_secret(file), secret);
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_NE(read_or_make_secret(folder.path("another")), secret);
}

TEST(Secret, ThatOthersMayReadIsWarnedOf) {
    const TemporaryFolder folder;
    const auto file = folder.path("jwt-secret");
    const auto secret = read_or_make_secret(file);
    ASSERT_EQ(chmod(file.c_str(), 0644), 0);
    testing::internal::CaptureStderr();
    EXPECT_EQ(read_or_make_secret(file), secret);
    EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("chmod 600 " + file));
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    testing::internal::CaptureStderr();
    EXPECT_EQ(read_or_make_secret(file), secret);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Secret, ThatIsTooShortIsRefusedByName) {
    const TemporaryFolder folder;
    const auto file = folder.path("jwt-secret");
    std::ofstream(file) << "short\n";
    EXPECT_THAT([&] { read_or_make_secret(file); }, ThrowsMessage<std::runtime_error>(HasSubstr(file + ": ")));
    EXPECT_THAT([&] { read_secret(folder.path("none")); },
                ThrowsMessage<std::runtime_error>(HasSubstr("can't be read")));
    EXPECT_THAT([&] { read_or_make_secret(folder.path("no/such/folder")); },
                ThrowsMessage<std::runtime_error>(HasSubstr("can't be made")));
}

}  // namespace
}  // namespace nearline::app
