/**
 * `advance` and `take` of src/domain/limits.ts, atomic for all keys of a call: all give, or none. The states go
 * back as they were left, for the domain's code to tell what is left. Time is Redis's own, so that processes
 * whose clocks disagree share one; ARGV[1] is another one, or empty.
 */
export const limitScript = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + time[2] / 1000
end
local cost = tonumber(ARGV[2])

local function parse(text)
  local numbers = {}
  for word in string.gmatch(text, '%S+') do numbers[#numbers + 1] = tonumber(word) end
  local state = { at = numbers[1], tokens = numbers[2], slot = numbers[3], total = 0, counts = {} }
  for index = 0, 10 do
    state.counts[index] = numbers[index + 4]
    state.total = state.total + numbers[index + 4]
  end
  return state
end

local function fresh(policy, slot)
  local state = { at = now, tokens = policy.burst, slot = slot, total = 0, counts = {} }
  for index = 0, 10 do state.counts[index] = 0 end
  return state
end

local function advance(state, policy, slot)
  if now < state.at then
    if state.at - now < policy.window then return state end
    local counts = {}
    for age = 0, 10 do counts[(slot - age) % 11] = state.counts[(state.slot - age) % 11] end
    state.at, state.slot, state.counts = now, slot, counts
    return state
  end
  state.tokens = math.min(policy.burst, state.tokens + (now - state.at) * policy.limit / policy.window)
  for passed = math.max(state.slot + 1, slot - 10), slot do
    state.total = state.total - state.counts[passed % 11]
    state.counts[passed % 11] = 0
  end
  state.at, state.slot = now, slot
  return state
end

local states, policies, allowed = {}, {}, 1
for index, key in ipairs(KEYS) do
  local first = 3 * index
  local policy = {
    limit = tonumber(ARGV[first]), window = tonumber(ARGV[first + 1]), burst = tonumber(ARGV[first + 2])
  }
  local slot = math.floor(now / (policy.window / 10))
  local text = redis.call('GET', key)
  local state = text and advance(parse(text), policy, slot) or fresh(policy, slot)
  if state.total + cost > policy.limit or state.tokens + 1e-6 < cost then allowed = 0 end
  states[index], policies[index] = state, policy
end

local answer = { allowed }
for index, key in ipairs(KEYS) do
  local state = states[index]
  if allowed == 1 then
    state.tokens = math.max(0, state.tokens - cost)
    state.counts[state.slot % 11] = state.counts[state.slot % 11] + cost
  end
  local words = { string.format('%.17g', state.at), string.format('%.17g', state.tokens), string.format('%d', state.slot) }
  for slot = 0, 10 do words[#words + 1] = string.format('%.17g', state.counts[slot]) end
  local text = table.concat(words, ' ')
  redis.call('SET', key, text, 'PX', math.ceil(2 * policies[index].window))
  answer[#answer + 1] = text
end
return answer
`;
