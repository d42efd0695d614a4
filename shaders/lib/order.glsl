// Whether a value comes before others: 1 or 0 for each. A NaN is the largest; of equal ones the first comes first.
#include "lib/nan.glsl"

vec4 comes_before(float one, int number, vec4 others, ivec4 numbers) {
    vec4 spoilt = vec4(is_nan(others)), earlier = vec4(lessThan(ivec4(number), numbers));
    bool is_spoilt = is_nan(vec4(one)).x;
#if DESCENDING == 1
    if (is_spoilt) return max(1.0 - spoilt, earlier);
    vec4 beyond = vec4(greaterThan(vec4(one), others));
    return (1.0 - spoilt) * max(beyond, vec4(equal(vec4(one), others)) * earlier);
#else
    if (is_spoilt) return spoilt * earlier;
    vec4 beyond = vec4(lessThan(vec4(one), others));
    return max(spoilt, max(beyond, vec4(equal(vec4(one), others)) * earlier));
#endif
}
