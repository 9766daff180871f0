-- Rotates through a file of prebuilt requests (4 bytes of length, then the bytes), and ends with a line of JSON.

local requests, n, at = {}, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local data = file:read("*a")
  file:close()
  local start = 1
  while start <= #data do
    local a, b, c, d = data:byte(start, start + 3)
    local length = a + b * 256 + c * 65536 + d * 16777216
    n = n + 1
    requests[n] = data:sub(start + 4, start + 3 + length)
    start = start + 4 + length
  end
end

function request()
  at = at % n + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p99_ms": %.4f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
