// A range of values being gathered: the smallest and the largest finite one; the wrong way round while there is none.

const vec2 NOTHING = vec2(FLOAT_MAX, -FLOAT_MAX);

bool is_finite(float x) { return (floatBitsToUint(x) & 0x7fffffffu) < 0x7f800000u; }

vec2 widened(vec2 range, float x) { return is_finite(x) ? vec2(min(range.x, x), max(range.y, x)) : range; }
