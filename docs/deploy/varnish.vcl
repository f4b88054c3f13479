# Drumbeat behind Varnish 7. Start Drumbeat with --trusted-proxies 1.
vcl 4.1;
backend drumbeat { .host = "127.0.0.1"; .port = "8000"; }
sub vcl_recv { if (req.http.upgrade ~ "(?i)websocket") { return (pipe); } return (pass); }
sub vcl_pipe { set bereq.http.upgrade = req.http.upgrade; set bereq.http.connection = req.http.connection; }
