#include "glaux/aws/refreshing_credentials.h"

#include <atomic>
#include <thread>

#include "glaux/aws/playing_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::StandingClock;

/// Gives credentials KEY1, KEY2, … that live for `life`.
struct Source {
  StandingClock clock{testing::Time("2026-01-01T00:00:00Z")};
  std::atomic<int> loads{0};
  std::optional<std::chrono::seconds> life = minutes(60);
  Status error;
  std::function<void()> before = [] {};

  std::shared_ptr<CredentialsProvider> Make() {
    return MakeRefreshingCredentials(
        [this]() -> Result<Credentials> {
          ++loads;
          before();
          if (!error.ok()) return error;
          Credentials credentials;
          credentials.access_key_id = "KEY" + std::to_string(loads);
          credentials.secret_access_key = Secret("secret");
          if (life.has_value()) credentials.expiration = clock.Now() + *life;
          return credentials;
        },
        &clock);
  }
};

std::string KeyOf(const std::shared_ptr<CredentialsProvider>& provider) {
  const auto credentials = provider->Get();
  return credentials.ok() ? credentials->access_key_id : credentials.status().message();
}

TEST(RefreshingCredentials, AreAskedForOnceAndAgainBeforeTheyExpire) {
  Source source;
  const auto provider = source.Make();
  EXPECT_EQ(source.loads, 0);
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(minutes(44));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(minutes(2));
  EXPECT_EQ(KeyOf(provider), "KEY2");
}

TEST(RefreshingCredentials, ThoseThatNeverExpireAreAskedForOnce) {
  Source source;
  source.life = std::nullopt;
  const auto provider = source.Make();
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(std::chrono::hours(100'000));
  EXPECT_EQ(KeyOf(provider), "KEY1");
}

TEST(RefreshingCredentials, ShortLivesAreNotRenewedWithEveryCall) {
  Source source;
  source.life = minutes(12);
  const auto provider = source.Make();
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(minutes(8));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(minutes(2));
  EXPECT_EQ(KeyOf(provider), "KEY2");
}

TEST(RefreshingCredentials, AFailedRefreshKeepsWhatIsValidAndIsNotRepeatedAtOnce) {
  Source source;
  const auto provider = source.Make();
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.error = MakeError(ErrorKind::kUnavailable, "no answer");
  source.clock.Advance(minutes(50));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  EXPECT_EQ(KeyOf(provider), "KEY1");
  EXPECT_EQ(source.loads, 2);
  source.clock.Advance(seconds(61));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  EXPECT_EQ(source.loads, 3);
  // In the last minutes it is tried every few seconds.
  source.clock.Advance(minutes(6));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(seconds(6));
  EXPECT_EQ(KeyOf(provider), "KEY1");
  EXPECT_EQ(source.loads, 5);
  source.clock.Advance(minutes(5));
  EXPECT_EQ(KeyOf(provider), "no answer");
  source.error = Status::OK();
  EXPECT_EQ(KeyOf(provider), "KEY7");
}

TEST(RefreshingCredentials, RefusedOnesAreRenewedUnlessSomebodyDidItMeanwhile) {
  Source source;
  const auto provider = source.Make();
  ASSERT_OK_AND_ASSIGN(const auto first, provider->Get());
  provider->Refuse(first);
  EXPECT_EQ(KeyOf(provider), "KEY2");
  provider->Refuse(first);
  EXPECT_EQ(KeyOf(provider), "KEY2");
}

TEST(RefreshingCredentials, RefusedOnesAreNotGivenWhenTheRefreshFails) {
  Source source;
  const auto provider = source.Make();
  ASSERT_OK_AND_ASSIGN(const auto first, provider->Get());
  provider->Refuse(first);
  source.error = MakeError(ErrorKind::kUnavailable, "no answer");
  EXPECT_EQ(KeyOf(provider), "no answer");
}

TEST(RefreshingCredentials, ExpiredOnesFromTheSourceAreGivenAsTheyAre) {
  Source source;
  source.life = -minutes(1);
  const auto provider = source.Make();
  EXPECT_EQ(KeyOf(provider), "KEY1");
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(seconds(31));
  EXPECT_EQ(KeyOf(provider), "KEY2");
}

TEST(RefreshingCredentials, AHundredThreadsCauseOneLoad) {
  Source source;
  std::atomic<int> arrived{0};
  source.before = [&] {
    while (arrived < 100) std::this_thread::yield();
  };
  const auto provider = source.Make();
  std::atomic<int> good{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      ++arrived;
      if (KeyOf(provider) == "KEY1") ++good;
    });
  }
  threads.clear();
  EXPECT_EQ(good, 100);
  EXPECT_EQ(source.loads, 1);
}

TEST(RefreshingCredentials, OthersGoOnWithTheOldOnesDuringARefresh) {
  Source source;
  const auto provider = source.Make();
  EXPECT_EQ(KeyOf(provider), "KEY1");
  source.clock.Advance(minutes(58));
  std::atomic<bool> loading{false};
  std::atomic<bool> finish{false};
  source.before = [&] {
    loading = true;
    while (!finish) std::this_thread::yield();
  };
  std::jthread refresher([&] { EXPECT_EQ(KeyOf(provider), "KEY2"); });
  while (!loading) std::this_thread::yield();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 100; ++i) threads.emplace_back([&] { EXPECT_EQ(KeyOf(provider), "KEY1"); });
  threads.clear();
  finish = true;
  refresher.join();
  EXPECT_EQ(source.loads, 2);
  EXPECT_EQ(KeyOf(provider), "KEY2");
}

TEST(RefreshingCredentials, WhoWaitsGetsTheErrorOfTheLoad) {
  Source source;
  source.error = MakeError(ErrorKind::kUnauthenticated, "signed out");
  std::atomic<int> arrived{0};
  source.before = [&] {
    while (arrived < 8) std::this_thread::yield();
  };
  const auto provider = source.Make();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      ++arrived;
      EXPECT_EQ(KeyOf(provider), "signed out");
    });
  }
}

}  // namespace
}  // namespace glaux::aws
