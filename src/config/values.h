/* Whether one value is what its option wants. Each returns NULL when it is, and otherwise what would be
 * right, as the end of a sentence ("must be ..."). None of them shows the value. */
#ifndef RMQWATCH_CONFIG_VALUES_H
#define RMQWATCH_CONFIG_VALUES_H

typedef const char *value_check_fn(const char *value);

const char *value_check_cluster(const char *value);
const char *value_check_node_name(const char *value);
const char *value_check_unit(const char *value);
const char *value_check_path(const char *value);
const char *value_check_socket(const char *value);
const char *value_check_host(const char *value);       /* name, IPv4 or IPv6 address without brackets */
const char *value_check_http_url(const char *value);   /* http(s)://host[:port] and nothing more */
const char *value_check_smtp_url(const char *value);   /* smtp(s)://host[:port] and nothing more */
const char *value_check_secret_url(const char *value); /* http(s)://host... with anything behind it */
const char *value_check_listen(const char *value);     /* "", *:port, or an address and a port */
const char *value_check_username(const char *value);
const char *value_check_word(const char *value);  /* of a command: any text without control characters */
const char *value_check_label(const char *value); /* any text without control characters */
const char *value_check_address(const char *value);
const char *value_check_channel_name(const char *value);
const char *value_check_http_base(const char *value); /* http(s)://host[:port][/path] */
const char *value_check_token(const char *value);     /* letters, digits and the like, without spaces */
const char *value_check_method(const char *value);    /* POST, PUT or PATCH */
const char *value_check_header(const char *value);    /* "Name: value", none that is made here */

#endif
