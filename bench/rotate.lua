-- wrk's script: the requests of a file in turn; with BENCH_LEAST and BENCH_MOST each body is looked into.
local header, requests, turn = {}, {}, 0
local least, most = tonumber(os.getenv("BENCH_LEAST") or ""), tonumber(os.getenv("BENCH_MOST") or "")

function init()
  for line in io.lines(os.getenv("BENCH_REQUESTS")) do
    local name, value, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { ["content-type"] = "application/json", [name] = value }
    requests[#requests + 1] = wrk.format("POST", os.getenv("BENCH_PATH"), headers, body)
  end
end

function request()
  turn = turn + 1
  return requests[(turn - 1) % #requests + 1]
end

local threads = {}
function setup(thread) threads[#threads + 1] = thread end

wrong = 0
if least then
  function response(status, _, body)
    if status ~= 200 or #body < least or #body > most or body:find('"errors"', 1, true) or not body:find('"data"', 1, true) then
      wrong = wrong + 1
    end
  end
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.timeout + summary.errors.read + summary.errors.connect
  if least then
    failed = failed - summary.errors.status
    for _, thread in ipairs(threads) do failed = failed + thread:get("wrong") end
  end
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "failed": %d, "mean_bytes": %f, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6, failed, summary.bytes / math.max(summary.requests, 1),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
